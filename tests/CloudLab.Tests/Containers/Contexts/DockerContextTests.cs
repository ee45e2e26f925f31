using System.Text.Json.Nodes;
using CloudLab.Core.Sessions.Docker;
using Xunit;

namespace CloudLab.Tests.Containers.Contexts;

/// <summary>Contexts of the docker CLI.</summary>
[Trait("Area", "Containers")]
public sealed class DockerContextTests : IDisposable
{
    private readonly DockerWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task Contexts_are_listed_with_their_engines_and_the_one_in_use()
    {
        world.Context("far", "ssh://jane@example.org");
        world.Context("near", "unix:///run/user/1000/docker.sock");
        world.UseContext("near");
        Directory.CreateDirectory(Path.Combine(world.Config, "contexts", "meta", "broken"));
        LabDockerContext[] found = (await CmdletRunner.RunAsync("Get-LabDockerContext", new { Session = world.Session() })).Ok().OutputOf<LabDockerContext>();
        Assert.Equal(["default", "far", "near"], found.Select(c => c.Name));
        Assert.Equal("ssh://jane@example.org", found[1].DockerHost);
        Assert.Equal("a test", found[1].Description);
        Assert.Equal("near", found.Single(c => c.IsCurrent).Name);
        Assert.Equal(["far"], (await CmdletRunner.RunAsync("Get-LabDockerContext", new { Name = "f*", Session = world.Session() })).Ok().OutputOf<LabDockerContext>().Select(c => c.Name));
        Assert.StartsWith("DockerContextNotFound", Assert.Single((await CmdletRunner.RunAsync("Get-LabDockerContext", new { Name = "x", Session = world.Session() })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);

        world.Variables["DOCKER_HOST"] = "tcp://10.0.0.1:2375";
        found = (await CmdletRunner.RunAsync("Get-LabDockerContext", new { Session = world.Session() })).Ok().OutputOf<LabDockerContext>();
        Assert.Equal(("default", "tcp://10.0.0.1:2375"), (found.Single(c => c.IsCurrent).Name, found[0].DockerHost));
    }

    [Fact]
    public async Task A_context_is_chosen_and_the_rest_of_the_file_stays()
    {
        world.Context("near", "unix:///run/user/1000/docker.sock");
        string file = Path.Combine(world.Config, "config.json");
        await File.WriteAllTextAsync(file, """{"auths":{"example.org":{"auth":"YTpi+w=="}},"psFormat":"{{.ID}}"}""");
        LabDockerContext used = (await CmdletRunner.RunAsync("Use-LabDockerContext", new { Name = "near", PassThru = true, Session = world.Session() })).Ok().OutputOf<LabDockerContext>().Single();
        Assert.True(used.IsCurrent);
        JsonNode config = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        Assert.Equal(("near", "YTpi+w==", "{{.ID}}"), ((string?)config["currentContext"], (string?)config["auths"]!["example.org"]!["auth"], (string?)config["psFormat"]));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        world.Variables["DOCKER_HOST"] = "tcp://10.0.0.1:2375";
        CmdletResult result = await CmdletRunner.RunAsync("Use-LabDockerContext", new { Name = "default", Session = world.Session() });
        Assert.Contains("DOCKER_HOST", Assert.Single(result.Ok().Warnings), StringComparison.Ordinal);
        Assert.False(JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsObject().ContainsKey("currentContext"));
    }

    [Fact]
    public async Task A_context_that_is_not_there_and_WhatIf_change_nothing()
    {
        world.Context("near", "unix:///run/user/1000/docker.sock");
        CmdletResult result = await CmdletRunner.RunAsync("Use-LabDockerContext", new { Name = "naer", Session = world.Session() });
        Assert.Contains("Similar: 'near'", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
        (await CmdletRunner.RunAsync("Use-LabDockerContext", new { Name = "near", WhatIf = true, Session = world.Session() })).Ok();
        Assert.False(File.Exists(Path.Combine(world.Config, "config.json")));
    }
}
