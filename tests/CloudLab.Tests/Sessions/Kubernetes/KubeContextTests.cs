using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Sessions.Kubernetes;

/// <summary>The kubeconfig as it is changed, and kubectl's preferences as they are kept to.</summary>
[Trait("Area", "Sessions")]
public sealed class KubeContextTests
{
    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;
    private readonly Dictionary<string, string> variables = [];

    public static TheoryData<string, string> Files => new()
    {
        {
            "# mine\ncontexts:\n- name: a # first\n  context: {cluster: c, user: u}\n- context:\n    user: u   # me\n    cluster: c\n  name: b\ncurrent-context: a # now\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\n",
            "# mine\ncontexts:\n- name: a # first\n  context: {cluster: c, user: u}\n- context:\n    namespace: films\n    user: u   # me\n    cluster: c\n  name: b\ncurrent-context: b # now\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\n"
        },
        {
            "contexts: [{name: a, context: {cluster: c}}, {name: b, context: {namespace: old, cluster: c}}]\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\n",
            "current-context: b\ncontexts: [{name: a, context: {cluster: c}}, {name: b, context: {namespace: \"films\", cluster: c}}]\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\n"
        },
        {
            """{"current-context":"a","contexts":[{"name":"b","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"https://x"}}]}""",
            """{"current-context":"b","contexts":[{"name":"b","context":{"namespace": "films", "cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"https://x"}}]}"""
        },
        {
            "current-context:\r\ncontexts:\r\n- name: b\r\n  context:\r\n    cluster: c\r\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\r\n",
            "current-context: b\r\ncontexts:\r\n- name: b\r\n  context:\r\n    namespace: films\n    cluster: c\r\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\r\n"
        },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void A_context_is_chosen_and_the_rest_of_the_file_stays(string before, string after)
    {
        string file = Write("config", before);
        Assert.Null(Connect(file).UseContext("b", "films"));
        Assert.Equal(after, File.ReadAllText(file));
        Assert.Equal(("b", "films"), (Connect(file).Context, Connect(file).Namespace));
        Assert.Equal([file], Directory.GetFiles(folder));
    }

    [Fact]
    public void Names_that_yaml_reads_otherwise_are_written_as_text()
    {
        string file = Write("config", "current-context: a\ncontexts: [{name: a, context: {cluster: c}}, {name: 'yes: #1', context: {cluster: c}}, {name: '010', context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\n");
        foreach (string name in new[] { "yes: #1", "010", "a" })
        {
            Connect(file).UseContext(name, null);
            Assert.Equal(name, Connect(file).Context);
        }

        Assert.Equal("KubeContextNotFound", Assert.Throws<LabException>(() => Connect(file).UseContext("nothing", null)).Code);
    }

    [Fact]
    public void Of_several_files_each_has_its_own_changed()
    {
        string one = Write("one", "current-context: a\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\n");
        string two = Write("two", "contexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: c}}]\n");
        Connect(one + Path.PathSeparator + two).UseContext("b", "films");
        Assert.StartsWith("current-context: b\n", File.ReadAllText(one), StringComparison.Ordinal);
        Assert.Contains("{\"namespace\": \"films\", cluster: c}", File.ReadAllText(two), StringComparison.Ordinal);
        LabKubeContext[] all = [.. Connect(one + Path.PathSeparator + two).DescribeContexts()];
        Assert.Equal([("a", false, null), ("b", true, "films")], all.Select(c => (c.Name, c.IsCurrent, c.Namespace)));
        Assert.Equal(("c", "https://x", two), (all[1].Cluster, all[1].Server, all[1].File));
    }

    [Fact]
    public void What_has_precedence_is_named()
    {
        string file = Write("config", "current-context: a\ncontexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\n");
        KubeConnection connection = LabSession.Resolve(new SessionOptions { KubeConfig = file, KubeContext = "a" }, "Connect-Lab", null, Variables).Kubernetes;
        Assert.Equal("Connect-Lab (context 'a')", connection.UseContext("b", null));
    }

    [Theory]
    [InlineData("credentialPluginPolicy: DenyAll", "ExecPluginNotAllowed")]
    [InlineData("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: other-program}]", "ExecPluginNotAllowed")]
    [InlineData("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: PLUGIN}]", null)]
    [InlineData("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: PLUGIN}]", null)]
    [InlineData("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}]", null)]
    [InlineData("credentialPluginPolicy: AllowAll", null)]
    [InlineData("aliases: []", null)]
    [InlineData("", null)]
    [InlineData("credentialPluginPolicy: Allowlist", "KubercInvalid")]
    [InlineData("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []", "KubercInvalid")]
    [InlineData("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [plugin]", "KubercInvalid")]
    [InlineData("credentialPluginAllowlist: [{command: plugin}]", "KubercInvalid")]
    [InlineData("credentialPluginPolicy: allowlist", "KubercInvalid")]
    [InlineData("a: [", "KubercInvalid")]
    public void A_plugin_that_the_preferences_do_not_allow_is_not_run(string preferences, string? code)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The plugin is a shell script.");
            return;
        }

        string plugin = Write("plugin", "#!/bin/sh\ntrue\n");
        File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        variables["PATH"] = folder;
        variables["KUBERC"] = Write("kuberc", preferences.Replace("PLUGIN", plugin, StringComparison.Ordinal));
        string config = Write("config", "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: \"https://x\"}}]\nusers: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: plugin}}}]\n");
        LabException? e = Record.Exception(() => Connect(config).Endpoint()) as LabException;
        Assert.Equal(code, e?.Code);
        Assert.True(e?.StopsCommand ?? true);
        variables["KUBERC"] = "off";
        Assert.NotNull(Connect(config).Endpoint());
    }

    [Fact]
    public void The_preferences_are_looked_for_in_the_home_folder()
    {
        Directory.CreateDirectory(Path.Combine(folder, ".kube"));
        Assert.Null(KubePluginPolicy.PathOf(Variables));
        string file = Write(".kube/kuberc", "");
        Assert.Equal(file, KubePluginPolicy.PathOf(Variables));
        variables["KUBECTL_KUBERC"] = "false";
        Assert.Null(KubePluginPolicy.PathOf(Variables));
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    private LabEnvironment Variables => new(name => variables.GetValueOrDefault(name), folder);

    private KubeConnection Connect(string file) => LabSession.Resolve(new SessionOptions { KubeConfig = file }, "test", null, Variables).Kubernetes;
}
