using CloudLab.Core.Kubernetes.Review.Services;
using CloudLab.Core.Kubernetes.Resources;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Review.Services;

[Trait("Area", "Kubernetes")]
public sealed class ResolveLabServiceOnEmulatorTests() : ResolveLabServiceTests(KubeServer.Emulator)
{
    [Theory]
    [MemberData(nameof(Titles))]
    public Task A_broken_service_is_explained_and_its_repaired_twin_has_no_finding(string title) => BothAsync(title);
}

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class ResolveLabServiceOnRealClusterTests() : ResolveLabServiceTests(KubeServer.Real)
{
    public static TheoryData<string> MoreTitles => [.. Cases.Keys.Concat(RealCases.Keys)];

    [Theory]
    [MemberData(nameof(MoreTitles))]
    public Task A_broken_service_is_explained_and_its_repaired_twin_has_no_finding(string title) => BothAsync(title);

    /// <summary>The program listens on 8080, its container declares 8000, the service sends to 9090, and the Ingress names 8080.</summary>
    [Fact]
    public Task Four_ports_that_disagree_are_side_by_side() => WithClassAsync(async () =>
    {
        await DeployAsync(Web.Replace("containerPort: 8080", "containerPort: 8000", StringComparison.Ordinal)
            + Ingress("number: 8080") + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 9090}]}\n");
        (await RunAsync("Wait-LabRollout", new { Name = "web", Kind = "deploy", Timeout = 60 })).Ok();
        LabServicePort port = Assert.Single((await RunAsync("Resolve-LabService", new { Name = "web", Test = true })).Ok().OutputOf<LabServicePort>());
        Assert.Equal((80, "9090", "9090", 1, 0), (port.Port, port.TargetPort, port.ContainerPort, port.Ready, port.NotReady));
        Assert.InRange(port.NodePort!.Value, 30000, 32767);
        Assert.Equal(["http 8000/TCP (web)"], port.DeclaredPorts);
        Assert.Equal("connection refused", port.Answer);
        Assert.Equal(["ConnectionRefused", "IngressPortMissing", "TargetPortNotDeclared"], port.Findings.Select(one => one.Rule));
        Assert.Contains("port 8080 answers (HTTP/1.1 404 Not Found)", port.Cause, StringComparison.Ordinal);

        await DeployAsync("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n");
        port = Assert.Single((await RunAsync("Resolve-LabService", new { Name = "web", Test = true })).Ok().OutputOf<LabServicePort>());
        Assert.Equal("HTTP/1.1 404 Not Found", port.Answer);
    });

    [Fact]
    public async Task What_may_not_be_read_is_named_and_nothing_is_said_of_it()
    {
        await DeployAsync(Web + Service("app: other") + """
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: services}
            rules: [{apiGroups: [""], resources: [services], verbs: [get, list]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: services}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: services}
            subjects: [{kind: User, name: lab-reader, apiGroup: rbac.authorization.k8s.io}]

            """);
        string config = Write("reader", (await File.ReadAllTextAsync(TestServers.Kubernetes(), Token)).Replace("user: {", "user: {as: lab-reader, ", StringComparison.Ordinal));
        CmdletResult result = (await CmdletRunner.RunAsync("Resolve-LabService", new { Name = "web", KubeConfig = config, Namespace }, location: Folder)).Ok();
        Assert.Empty(Assert.Single(result.OutputOf<LabServicePort>()).Findings);
        Assert.Contains(result.Warnings, warning => warning.StartsWith("pods cannot be read (Forbidden)", StringComparison.Ordinal));
    }
}

/// <summary>Services, each broken in one way, and what the cmdlet says of them.</summary>
/// <param name="server">Where to run.</param>
public abstract class ResolveLabServiceTests(KubeServer server) : KubeTest(server)
{
    /// <summary>A program on port 8080, declared as 'http'.</summary>
    private protected const string Web = """
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: web, image: "busybox:1.36", imagePullPolicy: IfNotPresent, command: [httpd, -f, -p, "8080"], ports: [{name: http, containerPort: 8080}]}]

        """;

    /// <summary>What is broken in each, how it is repaired, and the one finding: its rule, and words of its message.</summary>
    private protected static readonly Dictionary<string, (string Broken, string Repaired, string Rule, string Words, string Target)> Cases = new()
    {
        ["selector with another value"] = (Web + Service("app: wbe"), Service(), "SelectorMatchesNothing", "Deployment/web has app=web there", "svc/web"),
        ["selector with one label too many"] = (Web + Service("app: web, tier: front"), Service(), "SelectorMatchesNothing", "Deployment/web has no label tier", "svc/web"),
        ["scaled to 0"] = (Web.Replace("replicas: 1", "replicas: 0", StringComparison.Ordinal) + Service(), Web, "NoPods", "Deployment/web, which has none: it is scaled to 0", "svc/web"),
        ["image that does not exist"] = (Web.Replace("busybox:1.36", "busybox:nonexistent", StringComparison.Ordinal) + Service(), Web, "NoReadyEndpoints", "The only pod of the service is not ready: web-", "svc/web"),
        ["target port by a wrong name"] = (Web + Service(port: "{port: 80, targetPort: htp}"), Service(), "TargetPortMissing", "declare http 8080/TCP (web). Similar: 'http'.", "svc/web"),
        ["target port that no container declares"] = (Web + Service(port: "{port: 80, targetPort: 9090}"), Service(), "TargetPortNotDeclared", "leads to 9090", "svc/web"),
        ["another protocol"] = (Web + Service(port: "{port: 80, targetPort: 8080, protocol: UDP}"), Service(), "ProtocolMismatch", "leads to 8080/UDP; the containers declare http 8080/TCP (web)", "svc/web"),
        ["a pod without the named port"] = (Pod("a", "name: http, ") + Pod("b", "") + Service(), "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n", "TargetPortDiffers", "1 of 2 pods have no port 'http', so port 80 of the service sends nothing to them: b", "svc/web"),
        ["neither selector nor addresses"] = (Service(""), Slice("http"), "NoEndpoints", "has no selector", "svc/web"),
        ["addresses with another port name"] = (Service("") + Slice("web"), Slice("http"), "EndpointPortMismatch", "is named 'http'; its EndpointSlices have ports 'web' (8080)", "svc/web"),
        ["an address as external name"] = (External("10.1.2.3"), External("movies.example"), "ExternalNameIsAddress", "10.1.2.3", "svc/web"),
        ["an external name without a service"] = (External("nope.NAMESPACE.svc.cluster.local"), External("kubernetes.default.svc.cluster.local"), "ExternalNameMissing", "there is no such service", "svc/web"),
        ["a network policy without the port"] = (Web + Service() + Policy("8081"), Policy("8080"), "PolicyBlocks", "The network policy guard selects the pods, and no rule admits 8080/TCP", "svc/web"),
        ["addresses of pods that are not ready"] = (Web.Replace("busybox:1.36", "busybox:nonexistent", StringComparison.Ordinal) + Service(more: "publishNotReadyAddresses: true, "), Web, "NotReadyPublished", "publishes addresses of pods that are not ready (web-", "svc/web"),
        ["pods of two workloads"] = (Web + Web.Replace("metadata: {name: web}", "metadata: {name: other}", StringComparison.Ordinal).Replace("{app: web}", "{app: web, of: other}", StringComparison.Ordinal) + Service(), Service("app: web, of: other"), "SeveralWorkloads", "Deployment/other, Deployment/web", "svc/web"),
        ["ingress with the port of the container"] = (Web + Service() + Ingress("number: 8080"), Ingress("number: 80"), "IngressPortMissing", "8080 is the port of the containers", "svc/web"),
        ["ingress with another port name"] = (Web + Service() + Ingress("name: web"), Ingress("name: http"), "IngressPortMissing", "leads http://movies.example/api to port web of the service, which has 80 (http)", "svc/web"),
        ["ingress with another service"] = (Web + Service() + Ingress("number: 80", "wep"), Ingress("number: 80"), "ServiceMissing", "the service 'wep', which does not exist in namespace NAMESPACE. Similar: 'web'.", "ingress/web"),
        ["ingress with another class"] = (Web + Service() + Ingress("number: 80", more: "ingressClassName: nobodys, "), Ingress("number: 80"), "IngressClassMissing", "has the class 'nobodys', which does not exist", "svc/web"),
        ["ingress without its certificate"] = (Web + Service() + Ingress("number: 80", more: "ingressClassName: CLASS, tls: [{hosts: [movies.example], secretName: cert}], "), "---\napiVersion: v1\nkind: Secret\nmetadata: {name: cert}\nstringData: {tls.crt: a}\n", "TlsSecretMissing", "the secret 'cert', which does not exist", "svc/web"),
        ["headless with a port of its own"] = (Web + Service(more: "clusterIP: None, "), Service(more: "clusterIP: None, ", port: "{port: 8080, targetPort: http}"), "HeadlessPortDiffers", "reach port 80 of the pods; they listen on 8080", "svc/web"),
        ["ingress to a headless service"] = (Web + Service(more: "clusterIP: None, ", port: "{port: 8080, targetPort: http}") + Ingress("number: 8080"), Service().Replace("name: web}", "name: front}", StringComparison.Ordinal) + Ingress("number: 80", "front"), "IngressHeadless", "a service that is headless", "svc/web"),
    };

    /// <summary>What nobody runs, the emulator does not run either.</summary>
    private protected static readonly Dictionary<string, (string Broken, string Repaired, string Rule, string Words, string Target)> RealCases = new()
    {
        ["readiness probe that fails"] = (Web.Replace("ports:", "readinessProbe: {httpGet: {port: 8081}, periodSeconds: 1}, ports:", StringComparison.Ordinal) + Service(), Web.Replace("ports:", "readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}, ports:", StringComparison.Ordinal), "NoReadyEndpoints", "The only pod of the service is not ready: web-", "svc/web"),
        ["a program that crashes"] = (Web.Replace("command: [httpd, -f, -p, \"8080\"]", "command: [\"false\"]", StringComparison.Ordinal) + Service(), Web, "NoReadyEndpoints", "The only pod of the service is not ready: web-", "svc/web"),
        ["a load balancer that nobody provides"] = (Web + Service(more: "type: LoadBalancer, "), Service(more: "type: ClusterIP, "), "LoadBalancerPending", "it can be reached on the nodes at port 3", "svc/web"),
    };

    public static TheoryData<string> Titles => [.. Cases.Keys];

    [Fact]
    public async Task An_address_of_an_applications_settings_finds_its_service_and_port()
    {
        await DeployAsync("{apiVersion: v1, kind: Service, metadata: {name: films}, spec: {ports: [{name: http, port: 8080}, {name: admin, port: 9000}]}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: alone}, spec: {ports: [{port: 80}]}}\n");
        string[] Ports(CmdletResult result) => [.. result.Ok().OutputOf<LabServicePort>().Select(port => port.ToString())];
        Assert.Equal([$"films.{Namespace}:8080"], Ports(await RunAsync("Resolve-LabService", new { Name = $"http://films.{Namespace}.svc.cluster.local:8080/api", Namespace = "default" })));
        Assert.Equal([$"films.{Namespace}:8080", $"films.{Namespace}:9000"], Ports(await RunAsync("Resolve-LabService", new { Name = $"films.{Namespace}", Namespace = "default" })));
        Assert.Equal([$"alone.{Namespace}:80", $"films.{Namespace}:9000"], Ports(await RunAsync("Resolve-LabService", null, ["alone", "films:9000"])).Order());
        CmdletResult wrong = await RunAsync("Resolve-LabService", new { Name = new[] { $"http://films.{Namespace}/api", $"gone.{Namespace}" } });
        Assert.Equal(["NotFound", "PortNotFound"], wrong.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]).Order());
        Assert.Contains(wrong.Errors, error => error.ToString()!.Contains("has no port 80: it has 8080 (http), 9000 (admin)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_good_service_is_followed_from_its_names_to_its_pods()
    {
        await WithClassAsync(async () =>
        {
            await DeployAsync(Web + Service() + Ingress("number: 80"));
            (await RunAsync("Wait-LabRollout", new { Name = "web", Kind = "deploy", Timeout = 60 })).Ok();
            LabServicePort port = await EventuallyAsync("svc/web", ports => ports is [{ Ready: 1 } one] ? one : null);
            Assert.Equal(("web", "ClusterIP", 80, "http", "http", "8080", "TCP"), (port.Name, port.Type, port.Port, port.PortName, port.TargetPort, port.ContainerPort, port.Protocol));
            Assert.Contains($"web.{Namespace}.svc.cluster.local", port.DnsNames);
            LabServiceEndpoint endpoint = Assert.Single(port.Endpoints);
            Assert.StartsWith("web-", endpoint.Pod, StringComparison.Ordinal);
            Assert.EndsWith(":8080", endpoint.Address, StringComparison.Ordinal);
            Assert.NotNull(endpoint.Node);
            Assert.Equal(["http://movies.example/api"], port.Urls);
            Assert.Empty(port.Findings);

            foreach (object parameters in new object[]
            {
                new { Url = "http://movies.example/api/list?all=1", Namespace }, new { Url = "MOVIES.example/api", Namespace }, new { Name = "ingress/web" }, new { Name = "deploy/web" }, new { Name = "w*" },
                new { Name = $"pod/{endpoint.Pod}" },
            })
            {
                Assert.Equal(80, Assert.Single((await RunAsync("Resolve-LabService", parameters)).Ok().OutputOf<LabServicePort>()).Port);
            }

            CmdletResult piped = await RunAsync("Get-LabService", new { Name = "web" });
            Assert.Single((await RunAsync("Resolve-LabService", input: piped.Ok().Output)).Ok().OutputOf<LabServicePort>());
        });
    }

    [Theory]
    [InlineData("movies.example/apix", "RouteNotFound", "the host has rules for /api")]
    [InlineData("moveis.example/api", "RouteNotFound", "Similar: 'movies.example'")]
    [InlineData("ftp://movies.example/", "UrlInvalid", "is not a URL")]
    public async Task A_url_that_no_rule_takes_says_what_there_is(string url, string code, string words)
    {
        await DeployAsync(Service() + Ingress("number: 80"));
        CmdletResult result = await RunAsync("Resolve-LabService", new { Url = url, Namespace });
        System.Management.Automation.ErrorRecord error = result.TerminatingError ?? Assert.Single(result.Errors);
        Assert.StartsWith(code, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(words, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workload_that_no_service_selects_and_a_kind_without_pods_say_so()
    {
        await DeployAsync(Web + Service("app: other") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n");
        CmdletResult result = await RunAsync("Resolve-LabService", new { Name = new[] { "deploy/web", "cm/web", "svc/nope" } });
        Assert.Equal(["NoService", "KindNotSupported", "NotFound"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
    }

    private protected static string Service(string selector = "app: web", string port = "{name: http, port: 80, targetPort: http}", string more = "") => $$"""
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {{{more}}{{(selector.Length == 0 ? "" : "selector: {" + selector + "}, ")}}ports: [{{(selector.Length == 0 ? "{name: http, port: 80, targetPort: 8080}" : port)}}]}

        """;

    private protected static string Ingress(string port, string service = "web", string more = "ingressClassName: CLASS, ") => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web}
        spec: {{{more}}rules: [{host: movies.example, http: {paths: [{path: /api, pathType: Prefix, backend: {service: {name: {{service}}, port: { {{port}} } } } }]} }]}

        """;

    /// <summary>Breaks a service, looks, repairs it, and looks again.</summary>
    private protected Task BothAsync(string title) => WithClassAsync(async () =>
    {
        (string broken, string repaired, string rule, string words, string target) = this is ResolveLabServiceOnRealClusterTests && RealCases.TryGetValue(title, out var real) ? real : Cases[title];
        await DeployAsync(broken);
        LabServiceFinding finding = await EventuallyAsync(target, ports => ports is [{ Findings: [var one] }] && one.Rule == rule ? one : null);
        Assert.Contains(words.Replace("NAMESPACE", Namespace, StringComparison.Ordinal), finding.Message, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Action);

        await DeployAsync(repaired);
        await EventuallyAsync(target, ports => ports is [{ Findings.Count: 0 }] ? "" : null);
    });

    private protected async Task DeployAsync(string manifest) => (await RunAsync(
        "Deploy-LabManifest", new { Manifest = manifest.Replace("NAMESPACE", Namespace, StringComparison.Ordinal).Replace("CLASS", Namespace, StringComparison.Ordinal) })).Ok();

    private static string Pod(string name, string port) => $$"""
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: {{name}}, labels: {app: web} }
        spec:
          terminationGracePeriodSeconds: 0
          containers: [{name: web, image: "busybox:1.36", imagePullPolicy: IfNotPresent, command: [httpd, -f, -p, "8080"], ports: [{{{port}}containerPort: 8080}]}]

        """;

    private static string Slice(string port) => $$"""
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-by-hand, labels: {kubernetes.io/service-name: web} }
        addressType: IPv4
        endpoints: [{addresses: [10.1.2.3]}]
        ports: [{name: {{port}}, port: 8080, protocol: TCP}]

        """;

    private static string External(string name) => $$"""
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {type: ExternalName, externalName: {{name}}}

        """;

    private static string Policy(string port) => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: guard}
        spec: {podSelector: {matchLabels: {app: web} }, ingress: [{ports: [{port: {{port}}}]}]}

        """;

    // A class of this test's own, since it belongs to the whole cluster.
    private protected async Task WithClassAsync(Func<Task> work)
    {
        string manifest = $"{{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {{name: {Namespace}}}, spec: {{controller: cloudlab.test/none}}}}\n";
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        try
        {
            await work();
        }
        finally
        {
            await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true });
        }
    }

    // Controllers take a moment, and pods longer.
    private async Task<T> EventuallyAsync<T>(string target, Func<LabServicePort[], T?> look)
        where T : class
    {
        long end = Environment.TickCount64 + 60_000;
        while (true)
        {
            LabServicePort[] ports = (await RunAsync("Resolve-LabService", new { Name = target })).Ok().OutputOf<LabServicePort>();
            if (look(ports) is { } found)
            {
                return found;
            }

            Assert.True(Environment.TickCount64 < end, $"Not in time: {string.Join("; ", ports.Select(port => $"{port} {port.Ready}/{port.NotReady}: {string.Join(", ", port.Findings)}"))}");
            await Task.Delay(200, Token);
        }
    }
}
