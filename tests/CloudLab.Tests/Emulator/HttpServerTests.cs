using System.Collections.Concurrent;
using System.Text;
using CloudLab.Emulator.Http;
using Xunit;

namespace CloudLab.Tests.Emulator;

/// <summary>The loopback HTTP server, spoken to byte by byte.</summary>
[Trait("Area", "Emulator")]
public sealed class HttpServerTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<Exception> failures = new();
    private readonly TaskCompletionSource<bool> aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpServer server = null!;

    public ValueTask InitializeAsync()
    {
        server = HttpServer.Start(0, HandleAsync, failures.Enqueue);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task One_connection_serves_many_requests()
    {
        await using RawHttp raw = await RawHttp.ConnectAsync(server.Url);
        for (int i = 0; i < 3; i++)
        {
            await raw.WriteAsync($"POST /echo?{i} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab{i}");
            Assert.Equal($"ab{i}", (await raw.ReadAsync()).Text);
        }

        // Two at once, and one whose body nobody reads.
        await raw.WriteAsync("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345GET /target/%2e%2e/a//b?q=%20+ HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(200, (await raw.ReadAsync()).Status);
        Assert.Equal("/target/%2e%2e/a//b?q=%20+", (await raw.ReadAsync()).Text);
        await raw.WriteAsync("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\nGET /target HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Empty((await raw.ReadAsync(head: true)).Body);
        Assert.Equal("/target", (await raw.ReadAsync()).Text);
    }

    [Fact]
    public async Task A_body_may_come_in_chunks()
    {
        RawAnswer answer = await RawHttp.SendAsync(
            server.Url, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
        Assert.Equal("abcde", answer.Text);
    }

    [Fact]
    public async Task A_client_that_waits_is_told_to_go_on_only_when_its_body_is_wanted()
    {
        await using RawHttp raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await raw.ReadAsync()).Status);
        await raw.WriteAsync("ok");
        Assert.Equal("ok", (await raw.ReadAsync()).Text);

        await raw.WriteAsync("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        RawAnswer refused = await raw.ReadAsync();
        Assert.Equal((200, "close"), (refused.Status, refused.Headers["Connection"]));
    }

    [Fact]
    public async Task A_half_closed_client_gets_its_answer()
    {
        await using RawHttp raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
        raw.HalfClose();
        Assert.Equal("slow", (await raw.ReadAsync()).Text);
    }

    [Fact]
    public async Task A_big_upload_that_nobody_reads_still_gets_its_answer()
    {
        byte[] body = new byte[20_000_000];
        RawAnswer answer = await RawHttp.SendAsync(server.Url, $"POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n", body);
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task An_exception_is_reported_and_answered()
    {
        RawAnswer answer = await RawHttp.SendAsync(server.Url, "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal((500, "close"), (answer.Status, answer.Headers["Connection"]));
        Assert.Equal("on purpose", Assert.Single(failures).Message);
        await Assert.ThrowsAnyAsync<IOException>(() => RawHttp.SendAsync(server.Url, "GET /throw-late HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.Equal(2, failures.Count);
    }

    [Fact]
    public async Task A_watcher_that_leaves_cancels_its_exchange()
    {
        await using (RawHttp raw = await RawHttp.ConnectAsync(server.Url))
        {
            await raw.WriteAsync("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        Assert.True(await aborted.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Empty(failures);
    }

    [Fact]
    public async Task Stopping_cancels_what_runs()
    {
        await using RawHttp raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
        await Task.WhenAny(started.Task, Task.Delay(20_000, TestContext.Current.CancellationToken));
        await server.DisposeAsync();
        Assert.True(aborted.Task.IsCompleted);
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET / HTTP/2.0\r\n\r\n", 505)]
    [InlineData("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nName : x\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501)]
    public async Task What_can_be_read_in_two_ways_is_refused(string request, int status) =>
        Assert.Equal(status, (await RawHttp.SendAsync(server.Url, request)).Status);

    [Fact]
    public async Task A_head_without_end_is_refused()
    {
        StringBuilder head = new("GET / HTTP/1.1\r\n");
        for (int i = 0; i < 5000; i++)
        {
            head.Append("X-Filler: ").Append('x', 80).Append("\r\n");
        }

        Assert.Equal(431, (await RawHttp.SendAsync(server.Url, head + "\r\n")).Status);
    }

    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task HandleAsync(HttpExchange exchange)
    {
        switch (exchange.RawPath)
        {
            case "/echo":
                MemoryStream body = new();
                await exchange.Body.CopyToAsync(body, exchange.Aborted);
                await exchange.RespondAsync(200, [], body.ToArray());
                break;
            case "/slow":
                await Task.Delay(200, exchange.Aborted);
                await exchange.RespondAsync(200, [], "slow"u8.ToArray());
                break;
            case "/throw":
                throw new InvalidOperationException("on purpose");
            case "/throw-late":
                await exchange.StartAsync(200, [], 100);
                await exchange.WriteAsync("some"u8.ToArray());
                throw new InvalidOperationException("on purpose");
            case "/watch":
                await exchange.StartAsync(200, [], null);
                exchange.Aborted.Register(() => aborted.TrySetResult(true));
                started.TrySetResult();
                await Task.Delay(Timeout.Infinite, exchange.Aborted);
                break;
            case "/ignore":
                await exchange.RespondAsync(200, []);
                break;
            default:
                await exchange.RespondAsync(200, [], Encoding.ASCII.GetBytes(exchange.Target));
                break;
        }
    }
}
