package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// transactional is a producer, or with a session also a member of a group.
type transactional struct {
	client  *kgo.Client
	session *kgo.GroupTransactSession
}

func transactionalProducer(bootstrap, transactionalID string) (*transactional, error) {
	client, err := kgo.NewClient(transactionOptions(bootstrap, transactionalID)...)
	if err != nil {
		return nil, err
	}
	// It asks for its id when it needs it; here it has to fence others at once.
	_, _, err = client.ProducerID(context.Background())
	return &transactional{client: client}, err
}

func transformer(bootstrap, transactionalID, group, topic string) (*transactional, error) {
	session, err := kgo.NewGroupTransactSession(append(transactionOptions(bootstrap, transactionalID),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.SessionTimeout(10*time.Second),
		kgo.HeartbeatInterval(200*time.Millisecond),
	)...)
	if err != nil {
		return nil, err
	}
	return &transactional{client: session.Client(), session: session}, nil
}

func transactionOptions(bootstrap, transactionalID string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.TransactionalID(transactionalID),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}
}

func (t *transactional) handle(c call) (any, error) {
	ctx := context.Background()
	switch c.Call {
	case "begin":
		if t.session != nil {
			return nil, t.session.Begin()
		}
		return nil, t.client.BeginTransaction()
	case "send":
		batch := []*kgo.Record{}
		for _, value := range arg[[]string](c, 1) {
			batch = append(batch, &kgo.Record{Topic: arg[string](c, 0), Value: []byte(value)})
		}
		return nil, t.client.ProduceSync(ctx, batch...).FirstErr()
	case "take":
		return t.take(ctx, arg[int](c, 0))
	case "sendOffsets":
		// A session does so itself when the transaction ends.
		return nil, nil
	case "commit":
		err := t.end(ctx, kgo.TryCommit)
		if errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) {
			return "fenced", nil
		}
		return "committed", err
	case "abort":
		return nil, t.end(ctx, kgo.TryAbort)
	default: // close
		t.client.Close()
		return nil, nil
	}
}

func (t *transactional) end(ctx context.Context, how kgo.TransactionEndTry) error {
	if t.session == nil {
		return t.client.EndTransaction(ctx, how)
	}
	committed, err := t.session.End(ctx, how)
	if err == nil && committed != bool(how) {
		return errors.New("the transaction was aborted: its group has changed")
	}
	return err
}

func (t *transactional) take(ctx context.Context, count int) ([]*string, error) {
	taken := []*string{}
	for len(taken) < count {
		fetches := t.session.PollRecords(ctx, count-len(taken))
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) { taken = append(taken, text(r.Value)) })
	}
	return taken, nil
}
