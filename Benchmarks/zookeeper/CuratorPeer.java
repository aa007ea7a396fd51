// SPDX-License-Identifier: Apache-2.0
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.StandardLockInternalsDriver;
import org.apache.curator.retry.RetryOneTime;

/**
 * Curator's InterProcessMutex as it comes: one object and one thread for each task; in handoff a session for each as well.
 *
 * Runs the scenario once to get warm, prints "begin", runs it again and prints one line of JSON with the fields of
 * `dlock bench --json`, and how often the lock went from one task to another.
 *
 *   java CuratorPeer HOSTS cycle|parallel|handoff TASKS SECONDS WARM_UP_SECONDS
 */
final class CuratorPeer {
    /** Latencies in nanoseconds. */
    private static final class Samples {
        private long[] values = new long[1 << 16];
        private int count;

        void add(long value) {
            if (count == values.length) values = Arrays.copyOf(values, 2 * count);
            values[count++] = value;
        }

        void add(Samples other) {
            for (int i = 0; i < other.count; i++) add(other.values[i]);
        }

        double microseconds(double percentile) {
            return count == 0 ? 0 : values[(int) ((count - 1) * percentile)] / 1000.0;
        }

        void sort() {
            Arrays.sort(values, 0, count);
        }
    }

    /** Watches who passes whom. A task counts as waiting once its node is there. */
    private static final class Referee {
        final Samples latencies = new Samples();
        private final long[] asked, queued;
        private int holder = -1, last = -1;
        private long released;
        int overtakes, violations, handovers;
        long longest;

        Referee(int tasks) {
            asked = new long[tasks];
            queued = new long[tasks];
        }

        synchronized void asks(int task) {
            asked[task] = System.nanoTime();
        }

        synchronized void isQueued(int task) {
            queued[task] = System.nanoTime();
        }

        synchronized void begins(int task) {
            long now = System.nanoTime();
            if (released != 0) latencies.add(now - released);
            if (holder != -1) violations++;
            if (last != task) handovers++;
            holder = task;
            queued[task] = 0;
            if (Arrays.stream(queued).anyMatch(other -> other != 0 && other < asked[task])) overtakes++;
            longest = Math.max(longest, now - asked[task]);
        }

        synchronized void ends(int task) {
            if (holder != task) violations++;
            holder = -1;
            last = task;
            released = Arrays.stream(queued).anyMatch(other -> other != 0) ? System.nanoTime() : 0;
        }
    }

    /** What one task has done. */
    private static final class Tally {
        final Samples latencies = new Samples();
        int operations;
    }

    private final String scenario;
    private final int tasks;
    private final String folder = "/curator-" + ProcessHandle.current().pid();
    private final List<CuratorFramework> clients = new ArrayList<>();
    private final ExecutorService threads;
    private Referee referee;

    private CuratorPeer(String hosts, String scenario, int tasks) throws InterruptedException {
        this.scenario = scenario;
        this.tasks = tasks;
        threads = Executors.newFixedThreadPool(tasks);
        for (int i = 0; i < (scenario.equals("handoff") ? tasks : 1); i++) {
            clients.add(CuratorFrameworkFactory.newClient(hosts, new RetryOneTime(100)));
            clients.get(i).start();
        }
        for (CuratorFramework client : clients) client.blockUntilConnected();
    }

    private Tally cycle(int task, long end) throws Exception {
        InterProcessMutex lock = new InterProcessMutex(clients.get(0), folder + "/bench-" + task);
        Tally tally = new Tally();
        for (long start = System.nanoTime(); start < end;) {
            lock.acquire();
            lock.release();
            long stop = System.nanoTime();
            tally.latencies.add(stop - start);
            tally.operations++;
            start = stop;
        }
        return tally;
    }

    private Tally contend(int task, long end) throws Exception {
        StandardLockInternalsDriver observed = new StandardLockInternalsDriver() {
            @Override
            public String createsTheLock(CuratorFramework client, String path, byte[] data) throws Exception {
                String node = super.createsTheLock(client, path, data);
                referee.isQueued(task);
                return node;
            }
        };
        InterProcessMutex lock = new InterProcessMutex(clients.get(task), folder + "/bench", observed);
        Tally tally = new Tally();
        while (System.nanoTime() < end) {
            referee.asks(task);
            lock.acquire();
            referee.begins(task);
            tally.operations++;
            referee.ends(task);
            lock.release();
        }
        return tally;
    }

    private Tally run(double seconds) throws Exception {
        referee = new Referee(tasks);
        long end = System.nanoTime() + (long) (seconds * 1e9);
        List<Callable<Tally>> jobs = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            int task = i;
            jobs.add(() -> scenario.equals("handoff") ? contend(task, end) : cycle(task, end));
        }
        Tally sum = new Tally();
        for (Future<Tally> part : threads.invokeAll(jobs)) {
            sum.operations += part.get().operations;
            sum.latencies.add(part.get().latencies);
        }
        return sum;
    }

    private void measure(double seconds, double warmUp) throws Exception {
        run(warmUp);
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        System.out.println("begin");
        long start = System.nanoTime(), cpu = system.getProcessCpuTime();
        Tally tally = run(seconds);
        report(tally, (System.nanoTime() - start) / 1e9, (system.getProcessCpuTime() - cpu) / 1e9);
        for (CuratorFramework client : clients) client.close();
        threads.shutdown();
    }

    private void report(Tally tally, double seconds, double cpu) {
        boolean handsOver = scenario.equals("handoff");
        Samples samples = handsOver ? referee.latencies : tally.latencies;
        samples.sort();
        String line = String.format(
            Locale.ROOT,
            "{\"store\":\"zookeeper\",\"scenario\":\"%s\",\"clients\":%d,\"operations\":%d,\"seconds\":%.3f,"
                + "\"ops_per_second\":%.1f,\"p50_us\":%.3f,\"p90_us\":%.3f,\"p99_us\":%.3f,\"max_us\":%.3f,"
                + "\"overtakes\":%d,\"violations\":%d,\"client_cpu_seconds\":%.3f",
            scenario, tasks, tally.operations, seconds, tally.operations / seconds, samples.microseconds(0.5),
            samples.microseconds(0.9), samples.microseconds(0.99), samples.microseconds(1), referee.overtakes,
            referee.violations, cpu);
        if (handsOver) {
            line += String.format(
                Locale.ROOT, ",\"handovers\":%d,\"longest_wait_us\":%.3f", referee.handovers, referee.longest / 1000.0);
        }
        System.out.println(line + "}");
    }

    public static void main(String[] arguments) throws Exception {
        new CuratorPeer(arguments[0], arguments[1], Integer.parseInt(arguments[2]))
            .measure(Double.parseDouble(arguments[3]), Double.parseDouble(arguments[4]));
    }
}
