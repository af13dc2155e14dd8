import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Speaks the lines of JSON that ../python/serve.py tells of. One virtual machine serves all drivers: {@code open} makes one for a broker. */
public final class Serve {
    /** What can be called. An answer that is one itself stays here and is called by its number. */
    interface Target {
        Object call(String name, JsonNode args) throws Exception;
    }

    static final ObjectMapper json = new ObjectMapper();
    private static final Map<Integer, Target> kept = new ConcurrentHashMap<>();
    private static final PrintStream out = System.out;

    public static void main(String[] arguments) throws IOException {
        // Calls may wait for each other, so each has its own thread.
        ExecutorService threads = Executors.newCachedThreadPool();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode request = json.readTree(line);
            threads.submit(() -> answer(request));
        }
        System.exit(0);
    }

    private static void answer(JsonNode request) {
        int id = request.get("id").asInt();
        Map<String, Object> reply = new HashMap<>();
        reply.put("id", id);
        try {
            Target target = request.has("on") ? kept.get(request.get("on").asInt()) : Serve::open;
            Object result = target.call(request.get("call").asText(), request.get("args"));
            if (result instanceof Target made) {
                kept.put(id, made);
                result = id;
            }
            reply.put("result", result);
        } catch (Exception failure) {
            reply.put("error", String.valueOf(failure instanceof ExecutionException ? failure.getCause() : failure));
        }
        print(reply);
    }

    private static Target open(String name, JsonNode args) {
        return new Driver(args.get(0).asText(), args.get(1).asText());
    }

    private static synchronized void print(Map<String, Object> reply) {
        try {
            out.println(json.writeValueAsString(reply));
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
