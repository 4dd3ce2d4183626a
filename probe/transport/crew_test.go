package transport

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// All queries that may be under way at once are, whoever's they are.
func TestCrewSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var crew Crew
		b := newBox()
		var engines []Engine
		for range 100 {
			engines = append(engines, newPool(Config{Deliver: b.deliver, Window: 3, Timeout: time.Minute, Crew: &crew}, func(ctx context.Context, q *Query) Outcome {
				pause(ctx, time.Second)
				return Outcome{}
			}))
		}
		began := time.Now()
		for i, e := range engines {
			qs := ask(6, 1)
			for k := range qs {
				qs[k].Token += uint32(6 * i)
			}
			e.Ask(qs)
		}
		b.wait(t, 600)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("%v, want two rounds of a second", took)
		}
		for _, e := range engines {
			e.Close()
		}
		crew.Wait()
		if len(crew.posts) != 0 {
			t.Errorf("%d posts are left", len(crew.posts))
		}
	})
}

// What waits when an engine is closed is settled, while the others go on.
func TestCrewCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var crew Crew
		b := newBox()
		hang := func(ctx context.Context, q *Query) Outcome {
			<-ctx.Done()
			return Outcome{Failure: Timeout, Err: net.ErrClosed}
		}
		one := newPool(Config{Deliver: b.deliver, Window: 2, Timeout: time.Minute, Crew: &crew}, hang)
		two := newPool(Config{Deliver: b.deliver, Window: 2, Timeout: time.Minute, Crew: &crew}, func(ctx context.Context, q *Query) Outcome {
			pause(ctx, time.Second)
			return Outcome{}
		})
		one.Ask(ask(5, 1))
		qs := ask(5, 1)
		for k := range qs {
			qs[k].Token += 5
		}
		two.Ask(qs)
		synctest.Wait()
		one.Close()
		for token, out := range b.wait(t, 10) {
			if want := token < 5; want != (out.Failure == Closed) {
				t.Errorf("token %d: %v", token, out.Failure)
			}
		}
		two.Close()
		crew.Wait()
	})
}

// The posts that have been taken are not kept, also while some always wait.
func TestCrewForgets(t *testing.T) {
	c := Crew{coming: true} // nobody else takes a post
	e := new(pool)
	c.add(e, 10)
	for range 10_000 {
		c.add(e, 1)
		if c.post(false) != e {
			t.Fatal("a post is lost")
		}
	}
	if cap(c.posts) > 100 || len(c.posts)-c.next != 10 {
		t.Errorf("room for %d posts, %d wait", cap(c.posts), len(c.posts)-c.next)
	}
}
