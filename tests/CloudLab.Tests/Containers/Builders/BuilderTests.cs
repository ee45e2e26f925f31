using System.Management.Automation;
using CloudLab.Core.Containers.Builders;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Containers.Builders;

/// <summary>Builders of the real buildx, in a docker configuration of the test's own.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class BuilderTests : IDisposable
{
    private readonly DockerWorld world = new();

    public void Dispose() => world.Dispose();

    private LabSession Session
    {
        get
        {
            string host = TestServers.Docker();
            world.Variables["PATH"] = Environment.GetEnvironmentVariable("PATH")!;
            if (Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { } config && Directory.Exists(Path.Combine(config, "cli-plugins")) && !Directory.Exists(Path.Combine(world.Config, "cli-plugins")))
            {
                Directory.CreateSymbolicLink(Path.Combine(world.Config, "cli-plugins"), Path.Combine(config, "cli-plugins"));
            }

            return world.Session(new() { DockerHost = host });
        }
    }

    [Fact]
    public async Task A_builder_is_created_used_found_and_removed()
    {
        LabBuilder own = (await RunAsync("Get-LabBuilder")).Ok().OutputOf<LabBuilder>().Single(b => b.Name == "default");
        Assert.Equal(("docker", "running"), (own.Driver, own.Status));
        Assert.Contains("linux/amd64", own.Platforms);

        LabBuilder made = (await RunAsync("New-LabBuilder", new { Name = "films", Platform = new[] { "arm64" }, DriverOption = new System.Collections.Hashtable { ["env.A"] = "b,c" }, Use = true })).Ok().OutputOf<LabBuilder>().Single();
        Assert.Equal(("films", "docker-container", "inactive", true), (made.Name, made.Driver, made.Status, made.IsCurrent));
        Assert.Equal(["films0"], made.Nodes.Select(n => n.Name));
        Assert.StartsWith("BuilderExists", Assert.Single((await RunAsync("New-LabBuilder", new { Name = "films" })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);

        (await RunAsync("Use-LabBuilder", new { Name = "default" })).Ok();
        Assert.Equal("default", (await RunAsync("Get-LabBuilder", new { Name = "*" })).Ok().OutputOf<LabBuilder>().Single(b => b.IsCurrent).Name);
        ErrorRecord typo = Assert.Single((await RunAsync("Get-LabBuilder", new { Name = "filsm" })).Errors);
        Assert.StartsWith("BuilderNotFound", typo.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Similar: 'films'", typo.ToString(), StringComparison.Ordinal);

        (await CmdletRunner.RunAsync("Remove-LabBuilder", new { Force = true, Session }, input: [made])).Ok();
        Assert.StartsWith("BuilderNotFound", Assert.Single((await RunAsync("Remove-LabBuilder", new { Name = "films", Force = true })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("BuilderNotFound", Assert.Single((await RunAsync("Use-LabBuilder", new { Name = "films" })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("BuilderOfContext", Assert.Single((await RunAsync("Remove-LabBuilder", new { Name = "default", Force = true })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_builder_that_cannot_start_is_one_error_and_is_not_left_behind()
    {
        CmdletResult result = await RunAsync("New-LabBuilder", new { Name = "films", Start = true, DriverOption = new System.Collections.Hashtable { ["image"] = "127.0.0.1:1/buildkit:none" } });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("BuilderCannotStart", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1/buildkit:none", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain((await RunAsync("Get-LabBuilder")).Ok().OutputOf<LabBuilder>(), b => b.Name == "films");
    }

    private Task<CmdletResult> RunAsync(string cmdlet, object? parameters = null) => CmdletRunner.RunAsync(cmdlet, parameters, session: Session);
}
