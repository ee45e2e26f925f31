using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Containers.Engine;

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
    public async Task An_engine_that_hangs_in_the_middle_of_a_list_is_given_up()
    {
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK"), _ => $"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{OneImage}{new string(' ', 40000)}");
        ImageStore store = new(Engine(engine, patience: 0.5));
        LabException e = await Assert.ThrowsAsync<LabException>(() => AllAsync(store.ListAsync(null, default)));
        Assert.Equal("DockerEngineSilent", e.Code);
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

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    public async Task A_web_server_is_no_engine(int status)
    {
        await using FakeEngine engine = new(_ => FakeEngine.Http(status, "<html>", headers: ""));
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
    [InlineData("<html><body>502 Bad Gateway</body></html>")]
    [InlineData("""[{"Id":7}]""")]
    [InlineData("""[{"Id":"sha256:aa","Created":1""")]
    [InlineData("""[{"Id":"sha256:aa","Created":true}]""")]
    [InlineData("""[{"Id":"sha256:aa","Created":1e30}]""")]
    [InlineData("""[{"Id":"sha256:aa","Created":99999999999999}]""")]
    [InlineData("""{"Id":"sha256:aa"}""")]
    [InlineData("[{}]")]
    [InlineData("[null]")]
    [InlineData("null")]
    [InlineData("")]
    public async Task An_answer_that_is_no_list_of_images_is_an_error_and_not_a_crash(string body)
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => FakeEngine.Http(200, body));
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal(("DockerAnswerInvalid", LabErrorKind.ServiceFailed), (e.Code, e.Kind));
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public async Task A_proxy_in_between_is_quoted_in_one_line()
    {
        await using FakeEngine engine = new(_ => FakeEngine.Http(502, "<html>\r\n<h1>Bad Gateway</h1>\n" + new string('x', 500), headers: ""));
        LabException e = await Assert.ThrowsAsync<LabException>(() => Engine(engine).NegotiateAsync(default));
        Assert.Equal(("DockerEngineError", 502), (e.Code, e.StatusCode));
        Assert.Contains("refused (502): <html> <h1>Bad Gateway</h1> xxx", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.EndsWith("…", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_of_the_client_is_not_called_an_answer_of_the_engine()
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => FakeEngine.Http(200, "[]"));
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => Engine(engine).AskAsync<object>("info", (_, _) => throw new ObjectDisposedException("client"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"message":7}""", "{\"message\":7}")]
    [InlineData("""["broken"]""", "[\"broken\"]")]
    [InlineData("", "no message")]
    public async Task An_error_without_a_message_of_the_engine_is_quoted_as_it_is(string body, string quoted)
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => FakeEngine.Http(500, body));
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal(("DockerEngineError", 500), (e.Code, e.StatusCode));
        Assert.EndsWith("refused (500): " + quoted, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_cut_in_the_answer_is_an_error()
    {
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK"), _ => "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n[{\"Id\":");
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal("DockerAnswerBroken", e.Code);
    }

    [Theory]
    [InlineData("1.24", "1.24")]
    [InlineData("1.40", "1.40")]
    [InlineData("1.41", "1.41")]
    [InlineData("1.43", "1.43")]
    [InlineData("1.44", "1.44")]
    [InlineData("1.52", "1.52")]
    [InlineData("1.54", "1.54")]
    [InlineData("1.55", "1.54")]
    [InlineData("9.9", "1.54")]
    public async Task The_older_of_both_sides_newest_versions_is_spoken(string offered, string spoken)
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK", $"Api-Version: {offered}\r\n"), _ => FakeEngine.Http(200, "[]"));
        Assert.Empty(await ListAsync(engine));
        string manifests = Version.Parse(spoken) >= new Version(1, 48) ? "?manifests=1" : "";
        Assert.Equal(["GET /_ping HTTP/1.1", $"GET /v{spoken}/images/json{manifests} HTTP/1.1"], engine.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Api-Version: \r\n")]
    [InlineData("Api-Version: new\r\n")]
    public async Task A_server_that_names_no_version_is_no_engine(string headers)
    {
        await using FakeEngine engine = new(_ => FakeEngine.Http(200, "OK", headers));
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal(("NotDockerEngine", LabErrorKind.ConnectionFailed), (e.Code, e.Kind));
        Assert.Single(engine.Requests);
    }

    [Theory]
    [InlineData("1.60", "DockerApiVersionUnsupported", LabErrorKind.NotSupported)]
    [InlineData("1.54", "DockerBadRequest", LabErrorKind.InvalidData)]
    [InlineData("1.44", "DockerBadRequest", LabErrorKind.InvalidData)]
    public async Task An_engine_that_refuses_all_versions_known_here_is_told_from_a_bad_request(string oldest, string code, LabErrorKind kind)
    {
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK", "Api-Version: 1.62\r\n"),
            line => line.Contains(" /version ", StringComparison.Ordinal)
                ? FakeEngine.Http(200, $$"""{"ApiVersion":"1.62","MinAPIVersion":"{{oldest}}"}""")
                : FakeEngine.Http(400, """{"message":"client version 1.54 is too old"}"""));
        LabException e = await Assert.ThrowsAsync<LabException>(() => ListAsync(engine));
        Assert.Equal((code, kind, 400), (e.Code, e.Kind, e.StatusCode));
        Assert.Contains(kind == LabErrorKind.NotSupported ? "1.60 to 1.62" : "client version 1.54 is too old", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Platforms_of_an_engine_without_manifests_come_from_the_details()
    {
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK", "Api-Version: 1.43\r\n"),
            line => line.Contains("/images/sha256%3Aaa11/json?manifests=1 ", StringComparison.Ordinal)
                ? FakeEngine.Http(200, """{"Id":"sha256:aa11","Created":"2024-01-01T00:00:00Z","Size":42,"Os":"linux","Architecture":"arm","Variant":"v7"}""")
                : FakeEngine.Http(200, OneImage));
        LabImage image = Assert.Single(await ListAsync(engine));
        Assert.Equal("linux/arm/v7", Assert.Single(image.Platforms).Platform);
        Assert.Equal(("movies/site:1.0", "movies/site", "1.0", "sha256:dd22", 42L), (image.Image, image.Repository, image.Tag, image.Digest, image.Size));
        Assert.Equal((DateTimeOffset.FromUnixTimeSeconds(1700000000), TimeSpan.Zero), (image.Created, image.Created.Offset));
        Assert.Equal("b", image.Labels["a"]);
        Assert.All(engine.Requests.Skip(1), line => Assert.Contains(" /v1.43/", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_found_by_its_id_comes_with_its_manifests()
    {
        await using FakeEngine engine = FakeEngine.After(
            FakeEngine.Http(200, "OK"),
            line => line.Contains("filters=", StringComparison.Ordinal) ? FakeEngine.Http(200, "[]") : FakeEngine.Http(200, """
                {"Id":"sha256:aa11","Created":"2024-01-01T02:00:00+02:00","Size":42,"RepoTags":["movies/site:1.0"],"RepoDigests":["movies/site@sha256:dd22"],
                 "Config":{"Labels":{"a":"b"},"Healthcheck":{"Test":["NONE"],"Interval":1000000000}},"Manifests":[
                 {"Kind":"image","ID":"sha256:1","Available":true,"Descriptor":{"digest":"sha256:1","platform":{"os":"linux","architecture":"amd64"}},"Size":{"Total":30,"Content":3}},
                 {"Kind":"image","ID":"sha256:2","Available":false,"Descriptor":{"digest":"sha256:2"},"ImageData":{"Platform":{"os":"linux","architecture":"arm64","variant":"v8"}}},
                 {"Kind":"attestation","ID":"sha256:3","Available":true,"Descriptor":{"digest":"sha256:3"},"Size":{"Total":5,"Content":5}}]}
                """));
        LabImage image = Assert.Single(await AllAsync(new ImageStore(Engine(engine)).FindAsync("aa11", default)));
        Assert.Equal(
            [new LabImagePlatform("linux/amd64", "sha256:1", 30, true), new LabImagePlatform("linux/arm64", "sha256:2", 0, false)], image.Platforms);
        Assert.Equal(("movies/site:1.0", "sha256:aa11", "sha256:dd22", 35L, "b"), (image.Image, image.Id, image.Digest, image.Size, image.Labels["a"]));
        Assert.Equal((new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.Zero), (image.Created, image.Created.Offset));
        Assert.Equal("GET /v1.51/images/aa11/json?manifests=1 HTTP/1.1", engine.Requests[^1]);
    }

    [Theory]
    [InlineData("a?all=1@sha256:aa", "a%3Fall%3D1%40sha256%3Aaa")]
    [InlineData("../info@x#y", "..%2Finfo%40x%23y")]
    [InlineData("a b\\c@ä%41", "a%20b%5Cc%40%C3%A4%2541")]
    public async Task An_odd_name_stays_one_part_of_the_path(string name, string path)
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), line => line.Contains("/images/json", StringComparison.Ordinal) ? FakeEngine.Http(200, "[]") : FakeEngine.Http(404, """{"message":"No such image"}"""));
        LabException e = await Assert.ThrowsAsync<LabException>(() => AllAsync(new ImageStore(Engine(engine)).FindAsync(name, default)));
        Assert.Equal(("ImageNotFound", LabErrorKind.NotFound), (e.Code, e.Kind));
        Assert.Contains($"GET /v1.51/images/{path}/json?manifests=1 HTTP/1.1", engine.Requests);
    }

    [Fact]
    public async Task A_name_is_a_filter_in_the_engines_form()
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => FakeEngine.Http(200, OneImage));
        await Assert.ThrowsAsync<LabException>(() => AllAsync(new ImageStore(Engine(engine)).FindAsync("mo\"vies&x", default)));
        string query = Uri.UnescapeDataString(engine.Requests.First(line => line.Contains("filters", StringComparison.Ordinal)).Split(' ')[1].Split('?')[1]);
        Assert.Equal("mo\"vies&x", JsonNode.Parse(query[(query.IndexOf('{', StringComparison.Ordinal))..(query.LastIndexOf('}') + 1)])!["reference"]!.AsObject().Single().Key);

        Assert.Equal(["movies/site:1.0"], await AllAsync(new ImageStore(Engine(engine)).NamesAsync("mov", default)));
        query = Uri.UnescapeDataString(engine.Requests[^1]);
        Assert.Contains("""{"dangling":{"false":true},"reference":{"mov*":true,""", query, StringComparison.Ordinal);
        Assert.DoesNotContain("manifests", query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_of_a_session_share_their_connections()
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), _ => FakeEngine.Http(200, "[]"));
        LabSession session = LabSession.Resolve(new() { DockerHost = engine.Host }, "parameter");
        for (int i = 0; i < 3; i++)
        {
            Assert.Empty(await AllAsync(new ImageStore(session).ListAsync(null, default)));
        }

        Assert.Equal(6, engine.Requests.Count);
        Assert.Equal(1, engine.Connections);
    }

    private static DockerEngine Engine(FakeEngine engine, double patience = 20) => new(
        LabSession.Resolve(new() { DockerHost = engine.Host }, "parameter").Docker, TimeSpan.FromSeconds(patience), TimeSpan.FromSeconds(patience));

    private static Task<List<LabImage>> ListAsync(FakeEngine engine) => AllAsync(new ImageStore(Engine(engine)).ListAsync(null, default));

    private static async Task<List<T>> AllAsync<T>(IAsyncEnumerable<T> items)
    {
        List<T> all = [];
        await foreach (T item in items)
        {
            all.Add(item);
        }

        return all;
    }
}
