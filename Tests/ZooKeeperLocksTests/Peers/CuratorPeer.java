import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.data.Stat;

/**
 * Curator's mutex, in a contest for one path. It is told what to do, and writes, as kazoolock.py does; see there. It has
 * the options --broken and --session SECONDS.
 */
public final class CuratorPeer {
    private static final int PATIENCE = 30;
    private static final long PID = ProcessHandle.current().pid();

    /** A mutex that tells which node it has made. */
    private static final class Mutex extends InterProcessMutex {
        Mutex(CuratorFramework client, String path) {
            super(client, path);
        }

        String node() {
            return getLockPath();
        }
    }

    private static final class Log {
        private final Path inside;
        private final FileChannel file;

        Log(String path) throws IOException {
            inside = Path.of(path + ".inside");
            file = FileChannel.open(Path.of(path), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }

        void line(Object... words) throws IOException {
            StringBuilder text = new StringBuilder();
            for (Object word : words) {
                text.append(text.length() == 0 ? "" : " ").append(word);
            }
            file.write(ByteBuffer.wrap(text.append("\n").toString().getBytes(StandardCharsets.UTF_8)));
        }

        void error(Exception error) throws IOException {
            line("ERROR", "curator", PID, error.toString().replaceAll("\\s+", " "));
        }

        boolean enter() throws IOException {
            try {
                Files.createFile(inside);
                return true;
            } catch (FileAlreadyExistsException other) {
                line("OVERLAP", "curator", PID);
                return false;
            }
        }

        void leave() throws IOException {
            Files.delete(inside);
        }
    }

    private final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    private boolean isBroken = false;
    private CuratorFramework client;
    private Mutex mutex;

    private void acquire() throws Exception {
        if (!isBroken && !mutex.acquire(PATIENCE, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the lock was not to be had");
        }
    }

    private void release() throws Exception {
        if (!isBroken) {
            mutex.release();
        }
    }

    private String token() throws Exception {
        String node = isBroken ? null : mutex.node();
        Stat stat = node == null ? null : client.checkExists().forPath(node);
        return stat == null ? "-" : Long.toString(stat.getCzxid());
    }

    private void once(Log log) throws Exception {
        long invoked = System.nanoTime();
        acquire();
        try {
            long start = System.nanoTime();
            boolean isAlone = log.enter();
            String token = token();
            Thread.sleep(1);
            if (isAlone) {
                log.leave();
            }
            log.line(start, System.nanoTime(), "curator", PID, invoked, token);
        } finally {
            release();
        }
    }

    private void contend(double seconds, Log log) throws Exception {
        System.out.println("ready");
        input.readLine();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (System.nanoTime() < end) {
            try {
                once(log);
            } catch (Exception error) {
                log.error(error);
                Thread.sleep(50);
            }
            Thread.sleep(ThreadLocalRandom.current().nextInt(5));
        }
    }

    private void hold() throws Exception {
        acquire();
        System.out.println("held " + token());
        input.readLine();
        release();
        System.out.println("released " + System.nanoTime());
    }

    private void await() throws Exception {
        acquire();
        System.out.println("acquired " + System.nanoTime());
        release();
    }

    private void run(String[] words) throws Exception {
        int next = 1;
        double session = 10;
        for (; words[next].startsWith("--"); next++) {
            if (words[next].equals("--broken")) {
                isBroken = true;
            } else {
                session = Double.parseDouble(words[++next]);
            }
        }
        client = CuratorFrameworkFactory.newClient(
                words[next], (int) (session * 1000), 10_000, new ExponentialBackoffRetry(50, 5));
        client.start();
        if (!client.blockUntilConnected(PATIENCE, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no connection");
        }
        mutex = new Mutex(client, words[next + 1]);
        switch (words[0]) {
            case "contend": contend(Double.parseDouble(words[next + 2]), new Log(words[next + 3])); break;
            case "hold": hold(); break;
            default: await();
        }
        client.close();
    }

    public static void main(String[] words) throws Exception {
        new CuratorPeer().run(words);
    }
}
