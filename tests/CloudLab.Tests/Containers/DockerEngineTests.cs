using System.Management.Automation;
using CloudLab.Core.Containers;
using CloudLab.Core.Errors;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Containers;

[Trait("Area", "Containers")]
public sealed class DockerEngineTests : IDisposable
{
    private const string OneImage = """
        [{"Id":"sha256:aa11","Created":1700000000,"Size":42,"RepoTags":["movies/site:1.0"],"RepoDigests":["movies/site@sha256:dd22"],"Labels":{"a":"b"}}]
        """;

    private readonly DockerWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task No_engine_ends_the_command_in_one_line_that_names_the_address()
    {
        string socket = Path.Combine(world.Home, "none.sock");
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabImage", new { DockerHost = "unix://" + socket });
        ErrorRecord error = Assert.IsType<ErrorRecord>(result.TerminatingError);
        Assert.StartsWith("NoDockerEngine", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ConnectionError, error.CategoryInfo.Category);
        Assert.Contains(socket, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.ToString());
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task An_engine_that_accepts_and_says_nothing_is_given_up()
    {
        await using FakeEngine engine = new(_ => null);
        LabException e = await Assert.ThrowsAsync<LabException>(() => Engine(engine, patience: 0.2).NegotiateAsync(default));
        Assert.Equal(("DockerEngineSilent", LabErrorKind.ConnectionFailed), (e.Code, e.Kind));
    }

    [Fact]
    public async Task An_engine_that_hangs_in_the_middle_of_a_list_is_given_up_after_what_it_said()
    {
        const string First = """[{"Id":"sha256:aa11","Created":1,"Size":1,"RepoTags":["a:1"],"Manifests":[]},""";
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK"), _ => $"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{First}{new string(' ', 40000)}");
        ImageStore store = new(Engine(engine, patience: 0.5));
        List<string> seen = [];
        LabException e = await Assert.ThrowsAsync<LabException>(async () =>
        {
            await foreach (LabImage image in store.ListAsync(null, default))
            {
                seen.Add(image.Image);
            }
        });
        Assert.Equal("DockerEngineSilent", e.Code);
        Assert.Equal(["a:1"], seen);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_request_at_once()
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => null);
        using CancellationTokenSource ctrlC = new();
        Task<CmdletResult> running = CmdletRunner.RunAsync("Get-LabImage", new { DockerHost = engine.Host }, ctrlC: ctrlC.Token);
        while (engine.Requests.Count < 2)
        {
            await Task.Delay(10);
        }

        await ctrlC.CancelAsync();
        CmdletResult result = await running.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(result.Stopped);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task What_does_not_speak_http_is_no_engine()
    {
        await using FakeEngine engine = new(_ => "220 mail.example ESMTP\r\n");
        LabException e = await Assert.ThrowsAsync<LabException>(() => Engine(engine).NegotiateAsync(default));
        Assert.Equal(("NotDockerEngine", LabErrorKind.ConnectionFailed), (e.Code, e.Kind));
    }

    [Fact]
    public async Task A_web_server_is_no_engine()
    {
        await using FakeEngine engine = new(_ => FakeEngine.Http(200, "<html>", headers: ""));
        LabException e = await Assert.ThrowsAsync<LabException>(() => Engine(engine).NegotiateAsync(default));
        Assert.Equal("NotDockerEngine", e.Code);
    }

    [Fact]
    public async Task An_engine_that_hangs_up_is_said_to_have_done_so()
    {
        await using FakeEngine engine = new(_ => "");
        LabException e = await Assert.ThrowsAsync<LabException>(() => Engine(engine).NegotiateAsync(default));
        Assert.Equal("NoDockerEngine", e.Code);
        Assert.Contains("closed the connection", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, "DockerEngineError", LabErrorKind.ServiceFailed)]
    [InlineData(503, "DockerEngineError", LabErrorKind.ServiceFailed)]
    [InlineData(400, "DockerBadRequest", LabErrorKind.InvalidData)]
    [InlineData(403, "DockerAccessDenied", LabErrorKind.AccessDenied)]
    [InlineData(409, "DockerConflict", LabErrorKind.Conflict)]
    public async Task The_engines_own_message_is_in_the_error(int status, string code, LabErrorKind kind)
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => FakeEngine.Http(status, """{"message":"disk on fire"}"""));
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal((code, kind, status), (e.Code, e.Kind, e.StatusCode));
        Assert.Contains("disk on fire", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json at all")]
    [InlineData("""[{"Id":7}]""")]
    [InlineData("""[{"Id":"sha256:aa","Created":1""")]
    public async Task An_answer_that_is_no_list_of_images_is_an_error_and_not_a_crash(string body)
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => FakeEngine.Http(200, body));
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal(("DockerAnswerInvalid", LabErrorKind.ServiceFailed), (e.Code, e.Kind));
    }

    [Fact]
    public async Task A_connection_cut_in_the_answer_is_an_error()
    {
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK"), _ => "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n[{\"Id\":");
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal("DockerAnswerBroken", e.Code);
    }

    [Fact]
    public async Task The_older_of_both_versions_is_spoken_and_platforms_come_from_the_details()
    {
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK", "Api-Version: 1.43\r\n"),
            line => line.Contains("/json?manifests=1", StringComparison.Ordinal) && line.Contains("sha256", StringComparison.Ordinal)
                ? FakeEngine.Http(200, """{"Id":"sha256:aa11","Created":"2024-01-01T00:00:00Z","Size":42,"Os":"linux","Architecture":"arm","Variant":"v7"}""")
                : FakeEngine.Http(200, OneImage));
        LabImage image = Assert.Single(await ListAsync(engine));
        Assert.Equal("linux/arm/v7", Assert.Single(image.Platforms).Platform);
        Assert.Equal(("movies/site:1.0", "movies/site", "1.0", "sha256:dd22", 42L), (image.Image, image.Repository, image.Tag, image.Digest, image.Size));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1700000000), image.Created);
        Assert.Equal("b", image.Labels["a"]);
        Assert.All(engine.Requests.Skip(1), line => Assert.Contains(" /v1.43/", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_newer_engine_is_spoken_to_in_the_version_known_here()
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK", "Api-Version: 9.9\r\n"), _ => FakeEngine.Http(200, "[]"));
        Assert.Empty(await ListAsync(engine));
        Assert.Contains(" /v1.51/images/json?manifests=1", engine.Requests[^1], StringComparison.Ordinal);
    }

    private static DockerEngine Engine(FakeEngine engine, double patience = 20) => new(
        LabSession.Resolve(new() { DockerHost = engine.Host }, "parameter").Docker, TimeSpan.FromSeconds(patience), TimeSpan.FromSeconds(patience));

    private static async Task<List<LabImage>> ListAsync(FakeEngine engine)
    {
        List<LabImage> images = [];
        await foreach (LabImage image in new ImageStore(Engine(engine)).ListAsync(null, default))
        {
            images.Add(image);
        }

        return images;
    }
}
