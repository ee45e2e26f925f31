using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Containers.Engine;

/// <summary>The engine's streams when it misbehaves.</summary>
[Trait("Area", "Containers")]
public sealed class EngineStreamTests : IDisposable
{
    private const string Ping = "HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 2\r\n\r\nOK";

    private readonly DockerWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task An_error_inside_an_answer_is_one_error_and_nothing_comes_after_it()
    {
        await using FakeEngine engine = FakeEngine.After(Ping, _ => FakeEngine.Http(200, """
            {"status":"Pulling from x","id":"1"}
            {"status":"Downloading","progressDetail":{"current":5,"total":10},"id":"a"}

            {"errorDetail":{"code":401,"message":"unauthorized: no"},"error":"unauthorized: no"}
            {"status":"never seen"}

            """));
        List<EngineMessage> seen = [];
        LabException e = await Assert.ThrowsAsync<LabException>(async () =>
        {
            await foreach (EngineMessage message in Engine(engine).MessagesAsync(HttpMethod.Post, "images/create?fromImage=x", null, TimeSpan.FromSeconds(10), default))
            {
                seen.Add(message);
            }
        });
        Assert.Equal(("DockerAccessDenied", 401, "unauthorized: no"), (e.Code, e.StatusCode, e.ServiceMessage));
        Assert.Equal([null, 5], seen.Select(m => m.Current));
        Assert.Equal([null, 10], seen.Select(m => m.Total));
    }

    [Theory]
    [InlineData("""{"status":"a"}""", true, "DockerAnswerBroken")]
    [InlineData("not json\n", false, "DockerAnswerInvalid")]
    [InlineData("[1]\n", false, "DockerAnswerInvalid")]
    public async Task Messages_that_break_off_or_are_none_are_errors(string body, bool cut, string code)
    {
        await using FakeEngine engine = FakeEngine.After(Ping, _ => cut
            ? $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{body.Length:x}\r\n{body}\r\n"
            : FakeEngine.Http(200, body));
        LabException e = await Assert.ThrowsAsync<LabException>(() => AllAsync(Engine(engine), TimeSpan.FromSeconds(10)));
        Assert.Equal(code, e.Code);
    }

    [Fact]
    public async Task Silence_is_limited_and_not_the_whole()
    {
        await using FakeEngine engine = FakeEngine.After(Ping, _ => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"status\":\"a\"}\n");
        LabException e = await Assert.ThrowsAsync<LabException>(() => AllAsync(Engine(engine), TimeSpan.FromMilliseconds(300)));
        Assert.Equal("DockerEngineSilent", e.Code);
    }

    [Theory]
    [InlineData("0100000000000005", "hel", "DockerAnswerBroken")]
    [InlineData("01000000000000", "", "DockerAnswerBroken")]
    [InlineData("4142434445464748", "hello", "DockerAnswerBroken")]
    [InlineData("0300000000000005", "error", "DockerAnswerBroken")]
    public async Task Frames_that_are_cut_or_none_are_errors(string head, string rest, string code)
    {
        await using FakeEngine engine = Logs(Text(head) + rest);
        LabException e = await Assert.ThrowsAsync<LabException>(() => LogAsync(engine));
        Assert.Equal(code, e.Code);
        Assert.Contains("log of 'web'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_whose_engine_stops_is_an_error_after_the_lines_that_came()
    {
        string line = "2026-01-01T00:00:00.000000000Z one\n";
        string frame = Text("01000000000000" + line.Length.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)) + line;
        await using FakeEngine engine = FakeEngine.After(Ping, request => request.Contains("/logs", StringComparison.Ordinal)
            ? $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{frame.Length:x}\r\n{frame}\r\n"
            : Inspection(request));
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabContainerLog", new { Name = "web", Follow = true, DockerHost = engine.Host });
        Assert.Equal("one", Assert.Single(result.OutputOf<LabContainerLogLine>()).Text);
        Assert.StartsWith("DockerAnswerBroken,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_whose_engine_stops_is_lost_and_not_successful()
    {
        FakeEngine engine = FakeEngine.After(Ping, request =>
            request.Contains("/exec/e1/start", StringComparison.Ordinal) ? "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + Text("0100000000000004") + "one\n"
            : request.Contains("/exec/e1/json", StringComparison.Ordinal) ? ""
            : request.Contains("/containers/web/exec", StringComparison.Ordinal) ? FakeEngine.Http(201, """{"Id":"e1"}""")
            : Inspection(request));
        Task<CmdletResult> running = CmdletRunner.RunAsync("Invoke-LabContainer", new { Name = "web", Command = new[] { "x" }, DockerHost = engine.Host });
        while (!engine.Requests.Any(r => r.Contains("/exec/e1/start", StringComparison.Ordinal)))
        {
            await Task.Delay(20);
        }

        await engine.DisposeAsync();
        CmdletResult result = await running.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.StartsWith("ContainerCommandLost,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_engines_are_spoken_to_in_their_version()
    {
        await using FakeEngine engine = FakeEngine.After(
            "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK", _ => FakeEngine.Http(200, "{\"status\":\"a\"}\n", "Api-Version: 1.41\r\n"));
        await AllAsync(Engine(engine), TimeSpan.FromSeconds(10));
        Assert.StartsWith("POST /v1.41/images/create", engine.Requests[^1], StringComparison.Ordinal);
    }

    private static string Text(string hexadecimal) => Encoding.UTF8.GetString(Convert.FromHexString(hexadecimal));

    private static string Inspection(string request) => request.Contains("/containers/json", StringComparison.Ordinal)
        ? FakeEngine.Http(200, """[{"Id":"aa11","Names":["/web"],"Image":"x","ImageID":"sha256:1","Command":"x","Created":1700000000,"State":"running","Status":"Up"}]""")
        : FakeEngine.Http(200, """{"Id":"aa11","Name":"/web","State":{"Status":"running"},"Config":{"Tty":false},"HostConfig":{}}""");

    private static FakeEngine Logs(string body) => FakeEngine.After(Ping, request =>
        request.Contains("/logs", StringComparison.Ordinal) ? FakeEngine.Http(200, body) : Inspection(request));

    private static DockerEngine Engine(FakeEngine engine) =>
        new(LabSession.Resolve(new() { DockerHost = engine.Host }, "test").Docker, patience: TimeSpan.FromSeconds(20));

    private static async Task AllAsync(DockerEngine engine, TimeSpan idle)
    {
        await foreach (EngineMessage _ in engine.MessagesAsync(HttpMethod.Post, "images/create?fromImage=x", null, idle, default))
        {
        }
    }

    private static async Task LogAsync(FakeEngine engine)
    {
        await foreach (IReadOnlyList<LabContainerLogLine> _ in new ContainerLog(LabSession.Resolve(new() { DockerHost = engine.Host }, "test")).ReadAsync("web", new ContainerLogQuery(), default))
        {
        }
    }
}
