// Borrowing and returning a connection that is idle, by one thread.  Nothing was done on it, so returning it sends nothing, and one
// that was used within the last half second is not tested.
//
// SPDX-License-Identifier: Apache-2.0
package bench;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class Loan {
    private HikariDataSource pool;

    @Setup
    public void open() {
        pool = Pool.open(30_000);
    }

    @TearDown
    public void close() {
        pool.close();
    }

    @Benchmark
    public Connection loan() throws SQLException {
        try (Connection connection = pool.getConnection()) {
            return connection;
        }
    }
}
