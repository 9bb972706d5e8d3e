// pgx's pool, 30 connections: borrow and return, a crowd, and refusing.
//
// usage: pgx ROUNDS SECONDS CLIENTS      the database in PEER_DATABASE_URL, the organization in PEER_ORG; one JSON object
//
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	connections = 30
	loans       = 500_000
	probes      = 2000
	first       = "SELECT id, full_name, status, created_at FROM keelson.candidates WHERE org_id = $1::uuid AND deleted_at IS NULL " +
		"ORDER BY created_at, id LIMIT 1"
)

type crowded struct {
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	Rate float64 `json:"rate"`
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func percentile(values []time.Duration, share float64) float64 {
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	at := min(len(values)-1, int(float64(len(values))*share))
	return float64(values[at].Nanoseconds()) / 1e6
}

// Nanoseconds of borrowing and returning a connection that is idle; one used within the last second is not pinged.
func loan(pool *pgxpool.Pool) float64 {
	ctx := context.Background()
	begun := time.Now()
	for range loans {
		connection, err := pool.Acquire(ctx)
		must(err)
		connection.Release()
	}
	return float64(time.Since(begun).Nanoseconds()) / loans
}

func client(pool *pgxpool.Pool, until time.Time) []time.Duration {
	var took []time.Duration
	var id, name, status string
	var created time.Time
	for {
		begun := time.Now()
		if begun.After(until) {
			return took
		}
		must(pool.QueryRow(context.Background(), first, os.Getenv("PEER_ORG")).Scan(&id, &name, &status, &created))
		took = append(took, time.Since(begun))
	}
}

func crowd(pool *pgxpool.Pool, seconds float64, clients int) crowded {
	var all []time.Duration
	var lock sync.Mutex
	var group sync.WaitGroup
	until := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	for range clients {
		group.Add(1)
		go func() {
			defer group.Done()
			took := client(pool, until)
			lock.Lock()
			defer lock.Unlock()
			all = append(all, took...)
		}()
	}
	group.Wait()
	return crowded{percentile(all, 0.5), percentile(all, 0.99), float64(len(all)) / seconds}
}

// All are lent and the caller has a millisecond: how much later does it know, p99.
func refusing(pool *pgxpool.Pool) float64 {
	var held []*pgxpool.Conn
	var late []time.Duration
	for range connections {
		connection, err := pool.Acquire(context.Background())
		must(err)
		held = append(held, connection)
	}
	for range probes {
		begun := time.Now()
		ctx, cancel := context.WithDeadline(context.Background(), begun.Add(time.Millisecond))
		_, err := pool.Acquire(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			late = append(late, time.Since(begun)-time.Millisecond)
		}
		cancel()
	}
	for _, connection := range held {
		connection.Release()
	}
	return percentile(late, 0.99)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/jackc/pgx/v5" {
				return module.Version
			}
		}
	}
	return "unknown"
}

func main() {
	if len(os.Args) != 4 {
		must(errors.New("usage: pgx ROUNDS SECONDS CLIENTS"))
	}
	rounds, err := strconv.Atoi(os.Args[1])
	must(err)
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	must(err)
	clients, err := strconv.Atoi(os.Args[3])
	must(err)
	config, err := pgxpool.ParseConfig(os.Getenv("PEER_DATABASE_URL"))
	must(err)
	config.MinConns, config.MaxConns = 10, connections
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	must(err)
	defer pool.Close()
	var nanoseconds []float64
	var crowds []crowded
	crowd(pool, 1, clients)
	for range rounds {
		nanoseconds = append(nanoseconds, loan(pool))
		crowds = append(crowds, crowd(pool, seconds, clients))
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{"version": version(), "loan_ns": nanoseconds, "crowd": crowds,
		"refuse_ms": refusing(pool), "patience_ms": 1}))
}
