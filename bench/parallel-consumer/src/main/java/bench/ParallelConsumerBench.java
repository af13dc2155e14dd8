package bench;

import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Consumes one topic with Parallel Consumer in KEY mode and prints, as one line of JSON, what the Node contenders report. Warms up as they do
 * (consuming.ts): consumes the topic in other groups first, and joins anew for what is measured.
 *
 * <p>Arguments: brokers, topic, group, records, concurrency, sleep (none, 0-5 or milliseconds), cap and warm-up in milliseconds.
 */
public final class ParallelConsumerBench {
  private static final int DIGITS = 8;
  private static final int SAMPLE_EVERY = 1009;

  private final String brokers;
  private final String topic;
  private final int records;
  private final int concurrency;
  private final String sleep;

  private ParallelConsumerBench(String[] args) {
    brokers = args[0];
    topic = args[1];
    records = Integer.parseInt(args[3]);
    concurrency = Integer.parseInt(args[4]);
    sleep = args[5];
  }

  public static void main(String[] args) throws Exception {
    var bench = new ParallelConsumerBench(args);
    String group = args[2];
    double leftMs = Long.parseLong(args[7]);
    for (int pass = 1; leftMs > 0; pass++) {
      Measured measured = bench.consume(group + "-warm-up-" + pass, leftMs);
      leftMs = measured.isCapped ? 0 : leftMs - measured.elapsedMs;
    }
    System.out.println(bench.consume(group, Long.parseLong(args[6])).json());
    Runtime.getRuntime().halt(0);
  }

  private Measured consume(String group, double capMs) throws Exception {
    var consumer = new KafkaConsumer<String, byte[]>(
        Map.of(
            "bootstrap.servers", brokers,
            "group.id", group,
            "auto.offset.reset", "earliest",
            // Parallel Consumer commits itself and refuses a consumer that does.
            "enable.auto.commit", "false"),
        new StringDeserializer(),
        new ByteArrayDeserializer());
    var options = ParallelConsumerOptions.<String, byte[]>builder()
        .ordering(ProcessingOrder.KEY)
        .maxConcurrency(concurrency)
        .consumer(consumer)
        .build();
    var processor = ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(topic));

    var times = new AtomicIntegerArray(records);
    var lastOfKey = new ConcurrentHashMap<String, Integer>();
    var distinct = new AtomicInteger();
    var ended = new AtomicInteger();
    var outOfOrder = new AtomicInteger();
    var duplicates = new AtomicInteger();
    var altered = new AtomicInteger();
    var sampled = new AtomicInteger();
    var startedAt = new AtomicLong();
    var started = new CountDownLatch(1);
    var finished = new CountDownLatch(1);
    long cpuBefore = cpuNanos();

    processor.poll(context -> {
      if (startedAt.compareAndSet(0, System.nanoTime())) started.countDown();
      ConsumerRecord<String, byte[]> record = context.getSingleConsumerRecord();
      int sequence = sequenceIn(record.value());
      if (times.getAndIncrement(sequence) == 0) distinct.incrementAndGet();
      else duplicates.incrementAndGet();
      Integer last = lastOfKey.put(record.key(), sequence);
      if (last != null && last > sequence) outOfOrder.incrementAndGet();
      if (sequence % SAMPLE_EVERY == 0) {
        sampled.incrementAndGet();
        if (!isSame(sequence, record.value())) altered.incrementAndGet();
      }
      pause(sleep, sequence);
      if (ended.incrementAndGet() >= records && distinct.get() == records) finished.countDown();
    });

    started.await();
    boolean isComplete = finished.await((long) (capMs * 1000), TimeUnit.MICROSECONDS);
    double elapsedMs = (System.nanoTime() - startedAt.get()) / 1e6;
    double cpuMs = (cpuNanos() - cpuBefore) / 1e6;
    int missing = isComplete ? records - distinct.get() : 0;
    var measured = new Measured(
        ended.get(), elapsedMs, cpuMs, missing, duplicates.get(), outOfOrder.get(), altered.get(), sampled.get(),
        !isComplete);
    processor.closeDontDrainFirst();
    return measured;
  }

  private record Measured(
      int records, double elapsedMs, double cpuMs, int missing, int duplicates, int outOfOrder, int altered,
      int sampled, boolean isCapped) {
    String json() throws Exception {
      return String.format(
          "{\"records\":%d,\"elapsedMs\":%.3f,\"cpuMs\":%.3f,\"peakRssMiB\":%.1f,"
              + "\"handled\":{\"missing\":%d,\"duplicates\":%d,\"outOfOrder\":%d,\"altered\":%d,\"sampled\":%d}%s}",
          records, elapsedMs, cpuMs, peakRssMiB(), missing, duplicates, outOfOrder, altered, sampled,
          isCapped ? ",\"isCapped\":true" : "");
    }
  }

  private static int sequenceIn(byte[] value) {
    int sequence = 0;
    for (int at = 0; at < DIGITS; at++) sequence = sequence * 10 + value[at] - '0';
    return sequence;
  }

  private static boolean isSame(int sequence, byte[] value) {
    String digits = String.format("%08d", sequence);
    for (int at = 0; at < value.length; at++) if (value[at] != digits.charAt(at % DIGITS)) return false;
    return value.length == 200;
  }

  /** As sleepMs in sleep.ts. */
  private static void pause(String sleep, int sequence) {
    if (sleep.equals("none")) return;
    int ms = sleep.equals("0-5") ? Integer.remainderUnsigned(sequence * 0x9e3779b1, 6) : Integer.parseInt(sleep);
    if (ms == 0) return;
    try {
      Thread.sleep(ms);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  private static double peakRssMiB() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
    }
    return 0;
  }
}
