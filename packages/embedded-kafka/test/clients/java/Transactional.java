import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ProducerFencedException;

class Transactional implements Serve.Target {
    final KafkaProducer<String, String> producer;

    Transactional(Settings settings, String transactionalId) {
        producer = settings.producer(Map.of("transactional.id", transactionalId));
        producer.initTransactions();
    }

    @Override
    public Object call(String name, JsonNode args) throws Exception {
        switch (name) {
            case "begin" -> producer.beginTransaction();
            case "send" -> send(args.get(0).asText(), args.get(1));
            case "commit" -> { return commit(); }
            case "abort" -> producer.abortTransaction();
            case "close" -> producer.close();
            default -> throw new IllegalArgumentException("there is no call " + name);
        }
        return null;
    }

    private void send(String topic, JsonNode values) throws Exception {
        List<Future<?>> sent = new ArrayList<>();
        for (JsonNode value : values) sent.add(producer.send(new ProducerRecord<>(topic, 0, null, value.asText())));
        for (Future<?> each : sent) each.get();
    }

    private String commit() {
        try {
            producer.commitTransaction();
            return "committed";
        } catch (ProducerFencedException fenced) {
            return "fenced";
        }
    }
}
