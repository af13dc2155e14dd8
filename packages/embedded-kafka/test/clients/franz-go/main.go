// Command franzgo is the driver of franz-go: see ../driver.ts for what each call means.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type driver struct {
	bootstrap string
	client    *kgo.Client
	admin     *kadm.Client
	mu        sync.Mutex
	kept      map[int]handler
}

// handler is what a call made and later ones ask: a member, a transactional producer.
type handler interface {
	handle(c call) (any, error)
}

type sent struct {
	Key       *string           `json:"key"`
	Value     *string           `json:"value"`
	Headers   map[string]string `json:"headers"`
	Timestamp *int64            `json:"timestamp"`
}

type received struct {
	Offset  int64             `json:"offset"`
	Key     *string           `json:"key"`
	Value   *string           `json:"value"`
	Headers map[string]string `json:"headers"`
}

type how struct {
	Codec      string `json:"codec"`
	Idempotent bool   `json:"idempotent"`
}

type position struct {
	Offset    *int64 `json:"offset"`
	Timestamp *int64 `json:"timestamp"`
}

func main() {
	// Topics are asked for right after they were made: an answer of five seconds ago is too old.
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.MetadataMinAge(50*time.Millisecond))
	if err != nil {
		panic(err)
	}
	serve(&driver{bootstrap: os.Args[1], client: client, admin: kadm.NewClient(client), kept: map[int]handler{}})
}

func (d *driver) handle(c call) (any, error) {
	if c.On != 0 {
		d.mu.Lock()
		asked := d.kept[c.On]
		d.mu.Unlock()
		return asked.handle(c)
	}
	ctx := context.Background()
	name := ""
	if len(c.Args) > 0 {
		name = arg[string](c, 0)
	}
	switch c.Call {
	case "createTopic":
		configs := map[string]*string{}
		for setting, value := range arg[map[string]string](c, 2) {
			configs[setting] = &value
		}
		_, err := d.admin.CreateTopic(ctx, arg[int32](c, 1), 1, configs, name)
		return nil, err
	case "addPartitions":
		answers, err := d.admin.UpdatePartitions(ctx, arg[int](c, 1), name)
		if err != nil {
			return nil, err
		}
		return nil, answers.Error()
	case "deleteTopic":
		_, err := d.admin.DeleteTopic(ctx, name)
		return nil, err
	case "partitions":
		known, err := d.admin.ListTopics(ctx)
		return len(known[name].Partitions), err
	case "setting":
		return d.setting(ctx, name, arg[string](c, 1))
	case "changeSetting":
		value := arg[string](c, 2)
		change := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: arg[string](c, 1), Value: &value}}
		_, err := d.admin.AlterTopicConfigs(ctx, change, name)
		return nil, err
	case "produce":
		return nil, d.produce(ctx, name, arg[[]sent](c, 1), arg[how](c, 2))
	case "read":
		return d.read(ctx, name, arg[position](c, 1), arg[int](c, 2))
	case "join":
		m, err := join(d.bootstrap, name, arg[string](c, 1), arg[string](c, 2))
		return d.keep(c, m), err
	case "transactionalProducer":
		t, err := transactionalProducer(d.bootstrap, name)
		return d.keep(c, t), err
	case "transformer":
		t, err := transformer(d.bootstrap, name, arg[string](c, 1), arg[string](c, 2))
		return d.keep(c, t), err
	case "committed":
		offsets, err := d.admin.FetchOffsets(ctx, name)
		if err != nil {
			return nil, err
		}
		if found, ok := offsets.Lookup(arg[string](c, 1), 0); ok {
			return found.At, nil
		}
		return -1, nil
	case "groupState":
		groups, err := d.admin.DescribeGroups(ctx, name)
		return groups[name].State, err
	case "deleteGroup":
		_, err := d.admin.DeleteGroup(ctx, name)
		return nil, err
	case "deleteRecords":
		offsets := kadm.Offsets{}
		offsets.AddOffset(name, 0, arg[int64](c, 1), -1)
		answers, err := d.admin.DeleteRecords(ctx, offsets)
		if err != nil {
			return nil, err
		}
		return nil, answers.Error()
	case "close":
		d.client.Close()
		return nil, nil
	}
	return nil, fmt.Errorf("there is no call %s", c.Call)
}

func (d *driver) keep(c call, made handler) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept[c.ID] = made
	return c.ID
}

func (d *driver) setting(ctx context.Context, topic, name string) (string, error) {
	described, err := d.admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return "", err
	}
	for _, config := range described[0].Configs {
		if config.Key == name {
			return config.MaybeValue(), nil
		}
	}
	return "", fmt.Errorf("%s has no setting %s", topic, name)
}

func (d *driver) produce(ctx context.Context, topic string, records []sent, h how) error {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(d.bootstrap),
		kgo.ProducerBatchCompression(codecs[h.Codec]),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}
	if !h.Idempotent {
		options = append(options, kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.AllISRAcks()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	batch := make([]*kgo.Record, 0, len(records))
	for _, r := range records {
		record := &kgo.Record{Topic: topic, Key: bytes(r.Key), Value: bytes(r.Value)}
		for name, value := range r.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
		}
		if r.Timestamp != nil {
			record.Timestamp = time.UnixMilli(*r.Timestamp)
		}
		batch = append(batch, record)
	}
	return client.ProduceSync(ctx, batch...).FirstErr()
}

func (d *driver) read(ctx context.Context, topic string, from position, count int) ([]received, error) {
	offset := kgo.NewOffset()
	if from.Timestamp != nil {
		offset = offset.AfterMilli(*from.Timestamp)
	} else {
		offset = offset.At(*from.Offset)
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(d.bootstrap),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: offset}}),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	records := []received{}
	for len(records) < count {
		fetches := client.PollRecords(ctx, count-len(records))
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			headers := map[string]string{}
			for _, header := range r.Headers {
				headers[header.Key] = string(header.Value)
			}
			records = append(records, received{r.Offset, text(r.Key), text(r.Value), headers})
		})
	}
	return records, nil
}

func text(data []byte) *string {
	if data == nil {
		return nil
	}
	value := string(data)
	return &value
}

func bytes(value *string) []byte {
	if value == nil {
		return nil
	}
	return []byte(*value)
}
