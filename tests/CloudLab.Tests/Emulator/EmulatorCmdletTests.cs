using System.Management.Automation.Runspaces;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Emulator;

/// <summary>Tests that change the environment of the process run alone.</summary>
[CollectionDefinition("environment", DisableParallelization = true)]
#pragma warning disable CA1711 // xunit's own term.
public sealed class EnvironmentCollection;
#pragma warning restore CA1711

/// <summary>Start-, Get- and Stop-LabEmulator. They share the process's list of emulators and its environment.</summary>
[Trait("Area", "Emulator")]
[Collection("environment")]
public sealed class EmulatorCmdletTests : IDisposable
{
    private readonly Runspace runspace = TestRunspaces.Rent();

    public void Dispose() => TestRunspaces.Return(runspace);

    [Fact]
    public async Task Starting_makes_the_next_cmdlet_talk_to_it_and_stopping_gives_back()
    {
        LabEmulatorInfo info = await StartAsync();
        Assert.Equal(("127.0.0.1", true), (info.EndpointUrl.Host, info.Running));
        Assert.Equal(info.EndpointUrl.AbsoluteUri, await EndpointAsync());

        LabEmulatorInfo second = await StartAsync();
        Assert.NotEqual(info.Id, second.Id);
        await RunAsync("Stop-LabEmulator", new { Id = info.Id });
        Assert.False(info.Running);
        Assert.Equal(second.EndpointUrl.AbsoluteUri, await EndpointAsync());
        await RunAsync("Stop-LabEmulator", new { Id = second.Id });
        Assert.Null(await EndpointAsync());
    }

    [Fact]
    public async Task No_default_is_touched_unless_wanted()
    {
        LabEmulatorInfo info = await StartAsync(new { NoDefault = true });
        Assert.Null(await EndpointAsync());
        await RunAsync("Stop-LabEmulator", new { Id = info.Id });
    }

    [Fact]
    public async Task The_environment_is_set_and_set_back()
    {
        Environment.SetEnvironmentVariable("AWS_PROFILE", "mine");
        try
        {
            LabEmulatorInfo info = await StartAsync(new { SetEnvironment = true });
            Assert.Equal(info.AccessKey, Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID"));
            Assert.Equal(info.KubeConfig, Environment.GetEnvironmentVariable("KUBECONFIG"));
            Assert.Null(Environment.GetEnvironmentVariable("AWS_PROFILE"));
            await RunAsync("Stop-LabEmulator", new { Id = info.Id });
            Assert.Null(Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID"));
            Assert.Equal("mine", Environment.GetEnvironmentVariable("AWS_PROFILE"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_PROFILE", null);
        }
    }

    [Fact]
    public async Task The_secret_key_is_not_among_the_properties()
    {
        LabEmulatorInfo info = await StartAsync();
        string secret = info.GetEnvironment()["AWS_SECRET_ACCESS_KEY"];
        Assert.DoesNotContain(secret, System.Text.Json.JsonSerializer.Serialize(info), StringComparison.Ordinal);
        Assert.Contains("AWS_ENDPOINT_URL=" + info.EndpointUrl.AbsoluteUri.TrimEnd('/'), info.OtherTools, StringComparison.Ordinal);
        await RunAsync("Stop-LabEmulator", new { Id = info.Id });
    }

    [Fact]
    public async Task A_number_that_nobody_has_is_an_error_of_its_own()
    {
        CmdletResult stop = await CmdletRunner.RunAsync("Stop-LabEmulator", new { Id = new[] { 987654 } }, runspace: runspace);
        Assert.Equal("EmulatorNotFound", Assert.Single(stop.Errors).FullyQualifiedErrorId.Split(',')[0]);
        CmdletResult get = await CmdletRunner.RunAsync("Get-LabEmulator", new { Id = new[] { 987654 } }, runspace: runspace);
        Assert.Equal("EmulatorNotFound", Assert.Single(get.Errors).FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public async Task What_if_starts_and_stops_nothing()
    {
        CmdletResult start = await RunAsync("Start-LabEmulator", new { WhatIf = true });
        Assert.Empty(start.Output);
        LabEmulatorInfo info = await StartAsync();
        await RunAsync("Stop-LabEmulator", new { Id = info.Id, WhatIf = true });
        Assert.True(info.Running);
        await RunAsync("Stop-LabEmulator", new { Id = info.Id });
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_command()
    {
        LabEmulatorInfo info = await StartAsync();
        CmdletResult again = await CmdletRunner.RunAsync("Start-LabEmulator", new { Port = info.EndpointUrl.Port }, runspace: runspace);
        Assert.StartsWith("PortInUse", again.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        await RunAsync("Stop-LabEmulator", new { Id = info.Id });
    }

    private async Task<LabEmulatorInfo> StartAsync(object? parameters = null) =>
        Assert.Single((await RunAsync("Start-LabEmulator", parameters)).OutputOf<LabEmulatorInfo>());

    private async Task<string?> EndpointAsync() =>
        Assert.Single((await RunAsync("Get-LabSession")).OutputOf<LabSession>()).Aws.Endpoint("S3")?.AbsoluteUri;

    private async Task<CmdletResult> RunAsync(string name, object? parameters = null) =>
        (await CmdletRunner.RunAsync(name, parameters, runspace: runspace)).Ok();
}
