import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Kafka's own client library: see ../driver.ts for what each call means. */
final class Driver implements Serve.Target {
    private final Settings settings;
    private final Admin admin;

    Driver(String bootstrap, String groupProtocol) {
        settings = new Settings(bootstrap, groupProtocol);
        admin = Admin.create(settings.with(Map.of()));
    }

    @Override
    public Object call(String name, JsonNode args) throws Exception {
        String first = args.path(0).asText();
        String second = args.path(1).asText();
        switch (name) {
            case "createTopic" -> createTopic(first, args.get(1).asInt(), args.get(2));
            case "addPartitions" -> done(admin.createPartitions(Map.of(first, NewPartitions.increaseTo(args.get(1).asInt()))).all());
            case "deleteTopic" -> done(admin.deleteTopics(List.of(first)).all());
            case "partitions" -> { return partitions(first); }
            case "setting" -> { return setting(first, second); }
            case "changeSetting" -> changeSetting(first, new ConfigEntry(second, args.get(2).asText()));
            case "produce" -> produce(first, args.get(1), args.get(2));
            case "read" -> { return read(new TopicPartition(first, 0), args.get(1), args.get(2).asInt()); }
            case "join" -> { return new Member(settings.member(first, args.get(2).asText()), second); }
            case "transactionalProducer" -> { return new Transactional(settings, first); }
            case "transformer" -> { return new Transformer(settings, first, second, args.get(2).asText()); }
            case "committed" -> { return committed(first, new TopicPartition(second, 0)); }
            case "groupState" -> { return admin.describeConsumerGroups(List.of(first)).all().get().get(first).groupState().toString(); }
            case "deleteGroup" -> done(admin.deleteConsumerGroups(List.of(first)).all());
            case "deleteRecords" -> done(admin.deleteRecords(Map.of(new TopicPartition(first, 0), RecordsToDelete.beforeOffset(args.get(1).asLong()))).all());
            case "close" -> admin.close();
            default -> throw new IllegalArgumentException("there is no call " + name);
        }
        return null;
    }

    private static void done(Future<?> future) throws Exception {
        future.get();
    }

    private void createTopic(String topic, int partitions, JsonNode configs) throws Exception {
        Map<String, String> settings = new HashMap<>();
        configs.properties().forEach(entry -> settings.put(entry.getKey(), entry.getValue().asText()));
        done(admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(settings))).all());
    }

    private int partitions(String topic) throws Exception {
        try {
            return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof UnknownTopicOrPartitionException) return 0;
            throw failure;
        }
    }

    private String setting(String topic, String name) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        return admin.describeConfigs(List.of(resource)).all().get().get(resource).get(name).value();
    }

    private void changeSetting(String topic, ConfigEntry entry) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        done(admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET)))).all());
    }

    private void produce(String topic, JsonNode records, JsonNode how) throws Exception {
        Map<String, Object> options = Map.of("compression.type", how.get("codec").asText(), "enable.idempotence", how.get("idempotent").asBoolean());
        try (KafkaProducer<String, String> producer = settings.producer(options)) {
            List<Future<?>> sent = new ArrayList<>();
            for (JsonNode record : records) {
                Long timestamp = record.has("timestamp") ? record.get("timestamp").asLong() : null;
                ProducerRecord<String, String> made =
                        new ProducerRecord<>(topic, 0, timestamp, record.path("key").textValue(), record.get("value").textValue());
                record.path("headers").properties().forEach(entry -> made.headers().add(entry.getKey(), entry.getValue().asText().getBytes()));
                sent.add(producer.send(made));
            }
            for (Future<?> each : sent) each.get();
        }
    }

    private List<Map<String, Object>> read(TopicPartition partition, JsonNode from, int count) {
        try (KafkaConsumer<String, String> consumer = settings.consumer(Map.of())) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, from.has("timestamp")
                    ? consumer.offsetsForTimes(Map.of(partition, from.get("timestamp").asLong())).get(partition).offset()
                    : from.get("offset").asLong());
            List<Map<String, Object>> records = new ArrayList<>();
            while (records.size() < count)
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) records.add(asMap(record));
            return records.subList(0, count);
        }
    }

    private static Map<String, Object> asMap(ConsumerRecord<String, String> record) {
        Map<String, String> headers = new HashMap<>();
        record.headers().forEach(header -> headers.put(header.key(), new String(header.value())));
        Map<String, Object> received = new HashMap<>();
        received.put("offset", record.offset());
        received.put("key", record.key());
        received.put("value", record.value());
        received.put("headers", headers);
        return received;
    }

    private long committed(String group, TopicPartition partition) throws Exception {
        OffsetAndMetadata found = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata(group).get().get(partition);
        return found == null ? -1 : found.offset();
    }
}
