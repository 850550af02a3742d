import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;

/** Talks to a server with Java's own client in its default setting, which asks for HTTP/2 with each first request. Arguments: URL, key. */
public class Client {
    static HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    static String url, key;

    static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(20));
    }

    static void expect(String what, int expected, int status) {
        if (status != expected) {
            System.out.println(what + ": " + status + " instead of " + expected);
            System.exit(1);
        }
    }

    static int send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    public static void main(String[] arguments) throws Exception {
        url = arguments[0];
        key = arguments[1];
        for (int i = 0; i < 20; i++) expect("GET " + i, 200, send(request("/livez").build()));
        String body = "{\"operation\":\"user_sync\",\"tenant\":{\"id\":\"java\",\"name\":\"J\"},\"users\":[{\"id\":\"u\",\"email\":\"a@x.io\",\"name\":\"A\"}]}";
        HttpRequest.Builder sync = request("/api/internal/sync/users").header("Content-Type", "application/json").header("X-Tenant-ID", "java");
        for (int i = 0; i < 10; i++) {
            HttpRequest.Builder one = sync.copy().header("X-Internal-API-Key", key);
            expect("POST " + i, 202, send(one.POST(HttpRequest.BodyPublishers.ofString(body)).build()));
            // Without a length the client sends chunks.
            byte[] bytes = body.getBytes("UTF-8");
            expect("POST in chunks " + i, 202, send(one.POST(HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes))).build()));
            expect("HEAD " + i, 404, send(request("/nowhere").method("HEAD", HttpRequest.BodyPublishers.noBody()).build()));
            expect("without a key " + i, 401, send(sync.copy().POST(HttpRequest.BodyPublishers.ofString(body)).build()));
            expect("GET after all " + i, 200, send(request("/livez").build()));
        }
        expect("100-continue", 202, send(sync.copy().header("X-Internal-API-Key", key).expectContinue(true).POST(HttpRequest.BodyPublishers.ofString(body)).build()));
        var all = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int i = 0; i < 50; i++) all.add(client.sendAsync(request("/readyz").build(), HttpResponse.BodyHandlers.ofString()));
        for (var one : all) expect("at once", 200, one.get().statusCode());
        System.out.println("done");
        System.exit(0);
    }
}
