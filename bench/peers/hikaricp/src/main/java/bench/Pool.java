// HikariCP, 30 connections of which 10 are kept, on pgjdbc over the server's socket: borrow and return, a crowd, and refusing.
//
// usage: bench.Pool ROUNDS SECONDS CLIENTS      directory of the socket in PEER_SOCKET, database and user in PEER_DATABASE and
//                                               PEER_USER, the organization in PEER_ORG; one JSON object
//
// SPDX-License-Identifier: Apache-2.0
package bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

public final class Pool {
    private static final int CONNECTIONS = 30;
    private static final int SHORTEST_PATIENCE = 250;
    private static final String FIRST =
        "SELECT id, full_name, status, created_at FROM keelson.candidates WHERE org_id = ? AND deleted_at IS NULL "
        + "ORDER BY created_at, id LIMIT 1";

    private Pool() {
    }

    static HikariDataSource open(long patience) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:postgresql://localhost/" + System.getenv("PEER_DATABASE"));
        config.setUsername(System.getenv("PEER_USER"));
        config.addDataSourceProperty("socketFactory", "org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg");
        config.addDataSourceProperty("socketFactoryArg", System.getenv("PEER_SOCKET") + "/.s.PGSQL.5432");
        config.addDataSourceProperty("sslmode", "disable");
        config.setMaximumPoolSize(CONNECTIONS);
        config.setMinimumIdle(10);
        config.setConnectionTimeout(patience);
        return new HikariDataSource(config);
    }

    private static double percentile(List<Long> nanoseconds, double share) {
        long[] ordered = nanoseconds.stream().mapToLong(Long::longValue).sorted().toArray();
        return ordered[Math.min(ordered.length - 1, (int) (ordered.length * share))] / 1e6;
    }

    private static List<Long> client(HikariDataSource pool, UUID organization, long until) throws SQLException {
        List<Long> took = new ArrayList<>();
        for (long begun = System.nanoTime(); begun < until; begun = System.nanoTime()) {
            try (Connection connection = pool.getConnection(); PreparedStatement statement = connection.prepareStatement(FIRST)) {
                statement.setObject(1, organization);
                try (ResultSet rows = statement.executeQuery()) {
                    if (!rows.next()) {
                        throw new SQLException("there is no candidate");
                    }
                }
            }
            took.add(System.nanoTime() - begun);
        }
        return took;
    }

    private static String crowd(HikariDataSource pool, double seconds, int clients) throws Exception {
        UUID organization = UUID.fromString(System.getenv("PEER_ORG"));
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Future<List<Long>>> all = new ArrayList<>();
        List<Long> took = new ArrayList<>();
        long until = System.nanoTime() + (long) (seconds * 1e9);
        for (int i = 0; i < clients; i++) {
            all.add(threads.submit(() -> client(pool, organization, until)));
        }
        for (Future<List<Long>> one : all) {
            took.addAll(one.get());
        }
        threads.shutdown();
        return String.format(Locale.ROOT, "{\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"rate\":%.1f}", percentile(took, 0.5), percentile(took, 0.99),
            took.size() / seconds);
    }

    // All are lent and the caller has the shortest patience that can be set: how much later does it know, p99.
    private static double refusing() throws SQLException {
        List<Connection> held = new ArrayList<>();
        List<Long> late = new ArrayList<>();
        try (HikariDataSource pool = open(SHORTEST_PATIENCE)) {
            while (held.size() < CONNECTIONS) {
                try {
                    held.add(pool.getConnection());
                } catch (SQLTransientConnectionException slow) {
                    continue;                           // connecting took longer than that
                }
            }
            for (int i = 0; i < 20; i++) {
                long begun = System.nanoTime();
                try (Connection none = pool.getConnection()) {
                    throw new IllegalStateException("one more than there are: " + none);
                } catch (SQLTransientConnectionException expected) {
                    late.add(System.nanoTime() - begun - SHORTEST_PATIENCE * 1_000_000L);
                }
            }
            for (Connection connection : held) {
                connection.close();
            }
        }
        return percentile(late, 0.99);
    }

    private static String loans() throws RunnerException {
        RunResult result = new Runner(new OptionsBuilder().include("^bench\\.Loan\\.").verbosity(VerboseMode.SILENT).build()).runSingle();
        return Arrays.toString(result.getAggregatedResult().getIterationResults().stream()
            .mapToDouble(iteration -> iteration.getPrimaryResult().getScore()).toArray());
    }

    public static void main(String[] args) throws Exception {
        List<String> crowds = new ArrayList<>();
        try (HikariDataSource pool = open(30_000)) {
            crowd(pool, 2, Integer.parseInt(args[2]));
            for (int i = 0; i < Integer.parseInt(args[0]); i++) {
                crowds.add(crowd(pool, Double.parseDouble(args[1]), Integer.parseInt(args[2])));
            }
        }
        System.out.printf(Locale.ROOT, "{\"version\":\"%s\",\"loan_ns\":%s,\"crowd\":%s,\"refuse_ms\":%.4f,\"patience_ms\":%d}%n",
            System.getProperty("bench.version", "unknown"), loans(), crowds, refusing(), SHORTEST_PATIENCE);
    }
}
