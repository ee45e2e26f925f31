using System.Management.Automation;
using CloudLab.Core.Containers.Usage;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Containers.Images;

/// <summary>An engine that misbehaves while images are on their way.</summary>
[Trait("Area", "Containers")]
public sealed class ImageFaultTests
{
    private const string Stream = "HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

    [Theory]
    [InlineData("Push-LabImage", "/push?", "push")]
    [InlineData("Receive-LabImage", "/images/create?", "pull")]
    public async Task An_engine_that_stops_in_the_middle_is_one_error_that_says_how_to_go_on(string cmdlet, string path, string what)
    {
        await using FakeEngine engine = Engine(line => line.Contains(path, StringComparison.Ordinal)
            ? Stream + Chunk("""{"status":"Pushing","progressDetail":{"current":10,"total":40},"id":"abc"}""" + "\r\n") : null);
        ErrorRecord error = Assert.Single((await RunAsync(engine, cmdlet)).Errors);
        Assert.StartsWith("DockerAnswerBroken", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"The {what} of '127.0.0.1:5000/movies:1' was not completed (0 of 1 layers, 10 B of 40 B)", error.ToString(), StringComparison.Ordinal);
        Assert.NotNull(error.ErrorDetails.RecommendedAction);
    }

    [Theory]
    [InlineData("unauthorized: authentication required", "RegistryUnauthorized", "Connect-LabRegistry 127.0.0.1:5000")]
    [InlineData("denied: requested access to the resource is denied", "RegistryUnauthorized", "Connect-LabRegistry 127.0.0.1:5000")]
    [InlineData("Get \"https://127.0.0.1:5000/v2/\": http: server gave HTTP response to HTTPS client", "RegistryUnreachable", "could not be pushed")]
    [InlineData("received unexpected HTTP status: 500 Internal Server Error", "PushFailed", "500 Internal Server Error")]
    [InlineData("tag does not exist: 127.0.0.1:5000/movies:1", "ImageNotFound", "There is no image")]
    public async Task An_error_inside_the_stream_is_one_error_and_nothing_comes_after_it(string why, string code, string message)
    {
        await using FakeEngine engine = Engine(line => line.Contains("/push?", StringComparison.Ordinal)
            ? Stream + Chunk("{\"errorDetail\":{\"message\":" + System.Text.Json.JsonSerializer.Serialize(why) + "},\"error\":\"x\"}\r\n{\"status\":\"1: digest: sha256:" + new string('a', 64) + " size: 1\"}\r\n") + "0\r\n\r\n"
            : null);
        CmdletResult result = await RunAsync(engine, "Push-LabImage");
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith(code, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Docker_Hub_is_called_by_its_own_login()
    {
        await using FakeEngine engine = Engine(line => line.Contains("/images/create?", StringComparison.Ordinal)
            ? FakeEngine.Http(404, """{"message":"pull access denied for movies, repository does not exist or may require 'docker login': denied"}""") : null);
        ErrorRecord error = Assert.Single((await RunAsync(engine, "Receive-LabImage", "movies")).Errors);
        Assert.StartsWith("RegistryUnauthorized", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Sign in with 'Connect-LabRegistry'.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_that_breaks_off_leaves_no_file_and_the_old_one_stays()
    {
        await using FakeEngine engine = Engine(line => line.Contains("/images/get?", StringComparison.Ordinal) ? Stream + Chunk(new string('x', 1000)) : null);
        string folder = Directory.CreateTempSubdirectory("cloudlab-export-").FullName;
        try
        {
            string file = Path.Combine(folder, "a.tar");
            await File.WriteAllTextAsync(file, "old");
            using DockerWorld world = new();
            CmdletResult result = await CmdletRunner.RunAsync(
                "Export-LabImage", new { Image = "movies:1", Path = file, Force = true, Session = world.Session(new() { DockerHost = engine.Host }) });
            Assert.StartsWith("DockerAnswerBroken", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal([file], Directory.GetFileSystemEntries(folder));
            Assert.Equal("old", await File.ReadAllTextAsync(file));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Ctrl_C_ends_a_pull_that_says_nothing()
    {
        await using FakeEngine engine = Engine(line => line.Contains("/images/create?", StringComparison.Ordinal) ? Stream : null);
        using DockerWorld world = new();
        using CancellationTokenSource ctrlC = new();
        Task<CmdletResult> running = CmdletRunner.RunAsync(
            "Receive-LabImage", new { Image = "127.0.0.1:5000/movies:1", Session = world.Session(new() { DockerHost = engine.Host }) }, ctrlC: ctrlC.Token,
            onVerbose: line => { if (line.Contains("/images/create", StringComparison.Ordinal)) { ctrlC.Cancel(); } });
        CmdletResult result = await running.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Ctrl_C_ends_an_import_that_the_engine_does_not_take()
    {
        string file = Path.GetTempFileName();
        try
        {
            // More than a socket holds; the engine here reads the head and nothing after it.
            byte[] tar = new byte[20_000_000];
            "ustar"u8.CopyTo(tar.AsSpan(257));
            await File.WriteAllBytesAsync(file, tar);
            using SemaphoreSlim asked = new(0);
            await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), line =>
            {
                if (line.Contains("/images/load", StringComparison.Ordinal))
                {
                    asked.Release();
                    return null;
                }

                return FakeEngine.Http(200, "[]");
            });
            using DockerWorld world = new();
            using CancellationTokenSource ctrlC = new();
            Task<CmdletResult> running = CmdletRunner.RunAsync(
                "Import-LabImage", new { Path = file, Session = world.Session(new() { DockerHost = engine.Host }) }, ctrlC: ctrlC.Token);
            Assert.True(await asked.WaitAsync(TimeSpan.FromSeconds(30)));
            await ctrlC.CancelAsync();
            CmdletResult result = await running.WaitAsync(TimeSpan.FromSeconds(30));
            Assert.True(result.Stopped);
            Assert.Empty(result.Errors);

            // Nobody holds the file any more.
            await using FileStream alone = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task WhatIf_asks_the_engine_for_nothing()
    {
        await using FakeEngine engine = Engine(_ => throw new InvalidOperationException());
        using DockerWorld world = new();
        LabSession session = world.Session(new() { DockerHost = engine.Host });
        foreach ((string cmdlet, string said) in new[]
        {
            ("Push-LabImage", "Push image to 127.0.0.1:5000"), ("Receive-LabImage", "Pull image"), ("Remove-LabImage", "Remove image"),
        })
        {
            CmdletResult result = await CmdletRunner.RunAsync(cmdlet, new { Image = "127.0.0.1:5000/movies:1", WhatIf = true, Session = session });
            Assert.Contains(said, Assert.Single(result.Ok().Information), StringComparison.Ordinal);
        }

        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task What_vanishes_while_disk_use_is_added_up_does_not_spoil_it()
    {
        int asked = 0;
        await using FakeEngine engine = Engine(line => !line.Contains("/system/df", StringComparison.Ordinal) ? null
            : ++asked < 3 ? FakeEngine.Http(404, """{"message":"NotFound: snapshot sha256:3a96 does not exist: not found"}""")
            : FakeEngine.Http(200, """{"LayersSize":7,"Images":[]}"""));
        using DockerWorld world = new();
        CmdletResult result = await CmdletRunner.RunAsync("Measure-LabDocker", new { Session = world.Session(new() { DockerHost = engine.Host }) });
        Assert.Equal(7, result.Ok().OutputOf<LabDockerUsage>()[0].Size);
        Assert.Equal(3, asked);
    }

    private static FakeEngine Engine(Func<string, string?> answer) => FakeEngine.After(FakeEngine.Http(200, "OK"), line =>
        answer(line) ?? (line.Contains("/images/json", StringComparison.Ordinal) ? FakeEngine.Http(200, "[]") : FakeEngine.Http(404, """{"message":"No such image"}""")));

    private static string Chunk(string text) => $"{text.Length:x}\r\n{text}\r\n";

    private static async Task<CmdletResult> RunAsync(FakeEngine engine, string cmdlet, string image = "127.0.0.1:5000/movies:1")
    {
        using DockerWorld world = new();
        return await CmdletRunner.RunAsync(cmdlet, new { Image = image, Session = world.Session(new() { DockerHost = engine.Host }) });
    }
}
