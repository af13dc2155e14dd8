package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// member consumes in a group; a goroutine polls it all the time.
type member struct {
	client   *kgo.Client
	mu       sync.Mutex
	changed  *sync.Cond
	values   []*string
	assigned []int32
}

func join(bootstrap, group, topic, isolation string) (*member, error) {
	level := kgo.ReadCommitted()
	if isolation == "read_uncommitted" {
		level = kgo.ReadUncommitted()
	}
	m := &member{}
	m.changed = sync.NewCond(&m.mu)
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.FetchIsolationLevel(level),
		kgo.SessionTimeout(10*time.Second),
		kgo.HeartbeatInterval(200*time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.assigned = append(m.assigned, added[topic]...)
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, removed map[string][]int32) { m.gave(removed[topic]) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, removed map[string][]int32) { m.gave(removed[topic]) }),
	)
	if err != nil {
		return nil, err
	}
	m.client = client
	go m.poll()
	return m, nil
}

func (m *member) gave(partitions []int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.assigned = slices.DeleteFunc(m.assigned, func(p int32) bool { return slices.Contains(partitions, p) })
}

func (m *member) poll() {
	for {
		fetches := m.client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		m.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) { m.values = append(m.values, text(r.Value)) })
		m.changed.Broadcast()
		m.mu.Unlock()
	}
}

func (m *member) take(count int) []*string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.values) < count {
		m.changed.Wait()
	}
	taken := m.values[:count]
	m.values = m.values[count:]
	return taken
}

func (m *member) handle(c call) (any, error) {
	switch c.Call {
	case "assigned":
		m.mu.Lock()
		defer m.mu.Unlock()
		return append([]int32{}, m.assigned...), nil
	case "take":
		return m.take(arg[int](c, 0)), nil
	case "commit":
		return nil, m.client.CommitUncommittedOffsets(context.Background())
	default: // leave
		m.client.LeaveGroup()
		m.client.Close()
		return nil, nil
	}
}
