using System.Management.Automation;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Kubernetes;

[Trait("Area", "Kubernetes")]
public sealed class NoClusterTests
{
    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    [Theory]
    [InlineData("Get-LabResource")]
    [InlineData("Deploy-LabManifest")]
    [InlineData("Remove-LabManifest")]
    public async Task Without_a_cluster_one_line_says_what_to_do(string cmdlet)
    {
        CmdletResult result = await CmdletRunner.RunAsync(cmdlet, Parameters(cmdlet, new SessionOptions()));
        Assert.Equal(ErrorCategory.ConnectionError, result.TerminatingError!.CategoryInfo.Category);
        Assert.StartsWith("NoCluster", result.TerminatingError.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("-KubeConfig", result.TerminatingError.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-LabResource")]
    [InlineData("Deploy-LabManifest")]
    [InlineData("Remove-LabManifest")]
    public async Task A_cluster_that_does_not_answer_ends_the_command(string cmdlet)
    {
        string config = Path.Combine(folder, "config");
        await File.WriteAllTextAsync(config, """
            current-context: c
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
            contexts: [{name: c, context: {cluster: c}}]
            """, TestContext.Current.CancellationToken);
        CmdletResult result = await CmdletRunner.RunAsync(cmdlet, Parameters(cmdlet, new SessionOptions { KubeConfig = config }));
        Assert.StartsWith("ClusterUnreachable", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:1", result.TerminatingError.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private Dictionary<string, object?> Parameters(string cmdlet, SessionOptions options)
    {
        Dictionary<string, object?> parameters = new()
        {
            ["Session"] = LabSession.Resolve(options, "test", null, new LabEnvironment(_ => null, folder)),
        };
        if (cmdlet != "Get-LabResource")
        {
            parameters["Manifest"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
        }

        if (cmdlet == "Remove-LabManifest")
        {
            parameters["Force"] = true;
        }

        return parameters;
    }
}
