import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** A member of a group. Its consumer belongs to one thread, which polls it all the time and does in between what is asked of it. */
final class Member implements Serve.Target {
    private final KafkaConsumer<String, String> consumer;
    private final BlockingQueue<Runnable> jobs = new LinkedBlockingQueue<>();
    private final BlockingQueue<ConsumerRecord<String, String>> records = new LinkedBlockingQueue<>();
    private volatile boolean open = true;

    Member(KafkaConsumer<String, String> consumer, String topic) {
        this.consumer = consumer;
        consumer.subscribe(List.of(topic));
        Thread thread = new Thread(this::poll);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public Object call(String name, JsonNode args) throws Exception {
        switch (name) {
            case "assigned" -> { return ask(each -> each.assignment().stream().map(TopicPartition::partition).sorted().toList()); }
            case "take" -> { return take(args.get(0).asInt()); }
            case "commit" -> ask(each -> { each.commitSync(); return null; });
            case "leave" -> leave();
            default -> throw new IllegalArgumentException("there is no call " + name);
        }
        return null;
    }

    List<String> take(int count) throws InterruptedException {
        List<String> taken = new ArrayList<>();
        while (taken.size() < count) taken.add(records.take().value());
        return taken;
    }

    <T> T ask(Function<KafkaConsumer<String, String>, T> question) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        jobs.add(() -> {
            try {
                answer.complete(question.apply(consumer));
            } catch (RuntimeException failure) {
                answer.completeExceptionally(failure);
            }
        });
        return answer.get();
    }

    void leave() throws Exception {
        ask(each -> { each.close(); open = false; return null; });
    }

    private void poll() {
        while (open) {
            consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            for (Runnable job = jobs.poll(); job != null; job = jobs.poll()) job.run();
        }
    }
}
