using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Sessions.Status;
using CloudLab.Emulator;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Sessions;

/// <summary>Get-LabStatus: a row for every service, whatever is wrong, and never an error.</summary>
[Trait("Area", "Sessions")]
public sealed class StatusTests
{
    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_nothing_configured_each_row_says_what_to_type()
    {
        Dictionary<string, LabStatus> rows = await StatusAsync(new SessionOptions());
        Assert.Equal(["S3", "STS", "Docker", "Kubernetes", "Emulator"], rows.Keys);
        Assert.All((string[])["S3", "STS", "Kubernetes"], name => Assert.Equal(LabStatusState.NotConfigured, rows[name].State));
        Assert.All((string[])["S3", "STS"], name => Assert.Contains("Start-LabEmulator", rows[name].Action, StringComparison.Ordinal));
        Assert.Contains("KUBECONFIG", rows["Kubernetes"].Action, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_emulator_is_well_and_wrong_keys_and_tokens_are_denied()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions { EnforceRoles = true }, Token);
        Dictionary<string, LabStatus> rows = await StatusAsync(emulator.Info.GetSessionOptions());
        Assert.All((string[])["S3", "STS", "Kubernetes"], name => Assert.Equal(LabStatusState.Ok, rows[name].State));
        Assert.All((string[])["S3", "STS", "Kubernetes"], name => Assert.NotNull(rows[name].Latency));
        Assert.Equal(("arn:aws:iam::123456789012:root", "lab-admin"), (rows["STS"].Identity, rows["Kubernetes"].Identity));
        Assert.Contains("1 of 1 nodes ready", rows["Kubernetes"].Message, StringComparison.Ordinal);

        string text = await File.ReadAllTextAsync(emulator.Info.KubeConfig, Token);
        SessionOptions wrong = emulator.Info.GetSessionOptions() with
        {
            Keys = new AwsKeys("AKIAAAAAAAAAAAAAAAAA", "wrong", null, null), KubeConfig = Config(text, Caller.Token("default", "default", DateTimeOffset.UtcNow.AddHours(-1))),
        };
        rows = await StatusAsync(wrong);
        Assert.All((string[])["S3", "STS", "Kubernetes"], name => Assert.Equal(LabStatusState.Denied, rows[name].State));
        Assert.Contains("token of the kubeconfig expired at", rows["Kubernetes"].Message, StringComparison.Ordinal);

        // Who may not read the nodes has a cluster all the same; a token that ends soon is a warning.
        LabStatus guest = (await StatusAsync(wrong with { KubeConfig = Config(text, Caller.Token("default", "default", DateTimeOffset.UtcNow.AddMinutes(5))) }))["Kubernetes"];
        Assert.Equal((LabStatusState.Warning, "system:serviceaccount:default:default"), (guest.State, guest.Identity));
        Assert.Contains("token of the kubeconfig expires at", guest.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_hangs_or_refuses_is_unreachable()
    {
        LoopbackListener? listening = null;
        await using LoopbackListener silent = listening = new(_ => Task.Delay(Timeout.Infinite, listening!.Stopping));
        Dictionary<string, LabStatus> rows = await StatusAsync(Pointing(silent.Port), new { Timeout = 1 });
        Assert.All((string[])["S3", "STS", "Docker", "Kubernetes"], name => Assert.Equal((LabStatusState.Unreachable, (TimeSpan?)null), (rows[name].State, rows[name].Latency)));
        Assert.All((string[])["S3", "STS", "Kubernetes"], name => Assert.Equal("No answer within 1 s.", rows[name].Message));
        int closed;
        await using (LoopbackListener gone = new(_ => Task.CompletedTask))
        {
            closed = gone.Port;
        }

        rows = await StatusAsync(Pointing(closed));
        Assert.All((string[])["S3", "STS", "Docker", "Kubernetes"], name => Assert.Equal(LabStatusState.Unreachable, rows[name].State));
        Assert.Contains("refused", rows["Kubernetes"].Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("{{{")]
    [InlineData("just text")]
    [InlineData("{current-context: none}")]
    [InlineData("{current-context: a, contexts: [{name: a, context: {cluster: gone}}]}")]
    [InlineData("{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: 'https://x:1'}}], users: [{name: u, user: {client-certificate-data: '%%'}}]}")]
    public async Task Settings_that_cannot_be_used_are_a_row_too(string kubeConfig)
    {
        string path = Path.Combine(folder, "config");
        await File.WriteAllTextAsync(path, kubeConfig, Token);
        Dictionary<string, LabStatus> rows = await StatusAsync(new SessionOptions { KubeConfig = path, ProfileName = "none such", DockerHost = "ftp://x", Region = "no region" });
        Assert.All((string[])["S3", "STS", "Docker", "Kubernetes"], name => Assert.Equal(LabStatusState.NotConfigured, rows[name].State));
        Assert.All((string[])["S3", "STS", "Docker", "Kubernetes"], name => Assert.False(string.IsNullOrEmpty(rows[name].Message)));
    }

    [Fact]
    public async Task Only_the_services_that_are_asked_for_are_checked()
    {
        CmdletResult result = await RunAsync(new SessionOptions(), new Dictionary<string, object?> { ["Service"] = (string[])["emulator", "kubernetes"] });
        Assert.Equal(["Kubernetes", "Emulator"], result.Ok().OutputOf<LabStatus>().Select(row => row.Service));
    }

    [Fact]
    [Trait("Server", "kubernetes")]
    public async Task A_real_cluster_says_its_version_and_who_asks()
    {
        LabStatus row = (await StatusAsync(new SessionOptions { KubeConfig = TestServers.Kubernetes() }))["Kubernetes"];
        Assert.NotEqual(LabStatusState.Unreachable, row.State);
        Assert.StartsWith("v1.", row.Version, StringComparison.Ordinal);
        Assert.Contains("nodes ready", $"{row.Message} nodes ready", StringComparison.Ordinal);
        Assert.NotNull(row.Identity);
    }

    [Fact]
    [Trait("Server", "docker")]
    public async Task A_real_engine_says_its_versions()
    {
        LabStatus row = (await StatusAsync(new SessionOptions { DockerHost = TestServers.Docker() }))["Docker"];
        Assert.True(row.State is LabStatusState.Ok or LabStatusState.Warning, row.Message);
        Assert.NotNull(row.Version);
    }

    [Fact]
    [Trait("Server", "s3")]
    public async Task A_real_server_of_s3_is_well_without_an_sts_that_says_who_asks()
    {
        (Uri url, AwsKeys keys) = TestServers.Ceph();
        Dictionary<string, LabStatus> rows = await StatusAsync(new SessionOptions { EndpointUrl = url, Keys = keys });
        Assert.Equal(LabStatusState.Ok, rows["S3"].State);
        Assert.True(rows["STS"].State is LabStatusState.Ok or LabStatusState.Warning or LabStatusState.Denied, rows["STS"].Message);
    }

    private SessionOptions Pointing(int port)
    {
        string path = Path.Combine(folder, $"config{port}");
        File.WriteAllText(path, $"{{current-context: a, contexts: [{{name: a, context: {{cluster: c}}}}], clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]}}");
        return new SessionOptions
        {
            EndpointUrl = new Uri($"http://127.0.0.1:{port}"), Keys = new AwsKeys("AKIAAAAAAAAAAAAAAAAA", "secret", null, null), KubeConfig = path, DockerHost = $"tcp://127.0.0.1:{port}",
        };
    }

    private string Config(string text, string token)
    {
        string path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, text.Replace("user: {}", $"user: {{token: {token}}}", StringComparison.Ordinal));
        return path;
    }

    private async Task<Dictionary<string, LabStatus>> StatusAsync(SessionOptions options, object? parameters = null)
    {
        CmdletResult result = await RunAsync(options, parameters);
        return result.Ok().OutputOf<LabStatus>().ToDictionary(row => row.Service);
    }

    private Task<CmdletResult> RunAsync(SessionOptions options, object? parameters) => CmdletRunner.RunAsync(
        "Get-LabStatus", parameters,
        session: LabSession.Resolve(options, "test", null, new LabEnvironment(name => name == "AWS_EC2_METADATA_DISABLED" ? "true" : null, folder)));
}
