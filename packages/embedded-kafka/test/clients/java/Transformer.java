import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

final class Transformer extends Transactional {
    private record Progress(Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {}

    private final Member member;

    Transformer(Settings settings, String transactionalId, String group, String topic) {
        super(settings, transactionalId);
        member = new Member(settings.member(group, "read_committed"), topic);
    }

    @Override
    public Object call(String name, JsonNode args) throws Exception {
        switch (name) {
            case "take" -> { return member.take(args.get(0).asInt()); }
            case "sendOffsets" -> sendOffsets();
            case "close" -> {
                super.call(name, args);
                member.leave();
            }
            default -> { return super.call(name, args); }
        }
        return null;
    }

    private void sendOffsets() throws Exception {
        Progress progress = member.ask(consumer -> {
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            for (TopicPartition partition : consumer.assignment()) offsets.put(partition, new OffsetAndMetadata(consumer.position(partition)));
            return new Progress(offsets, consumer.groupMetadata());
        });
        producer.sendOffsetsToTransaction(progress.offsets(), progress.group());
    }
}
