import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Where the broker is, and how members of groups come to their partitions. */
record Settings(String bootstrap, String groupProtocol) {
    Map<String, Object> with(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(more);
        all.put("bootstrap.servers", bootstrap);
        all.put("client.id", "java-client");
        return all;
    }

    KafkaProducer<String, String> producer(Map<String, Object> more) {
        return new KafkaProducer<>(with(more), new StringSerializer(), new StringSerializer());
    }

    KafkaConsumer<String, String> consumer(Map<String, Object> more) {
        return new KafkaConsumer<>(with(more), new StringDeserializer(), new StringDeserializer());
    }

    KafkaConsumer<String, String> member(String group, String isolation) {
        Map<String, Object> options = new HashMap<>();
        options.put("group.id", group);
        options.put("group.protocol", groupProtocol);
        options.put("isolation.level", isolation);
        options.put("auto.offset.reset", "earliest");
        options.put("enable.auto.commit", false);
        if (groupProtocol.equals("classic")) {
            // In the other protocol they are the broker's.
            options.put("session.timeout.ms", 10_000);
            options.put("heartbeat.interval.ms", 200);
        }
        return consumer(options);
    }
}
