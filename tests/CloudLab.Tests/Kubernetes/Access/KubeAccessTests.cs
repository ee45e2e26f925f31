using System.Management.Automation;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Kubernetes.Access;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Access;

[Trait("Area", "Kubernetes")]
public sealed class KubeAccessOnEmulatorTests() : KubeAccessTests(KubeServer.Emulator)
{
    [Fact]
    public async Task A_restricted_account_is_held_to_its_roles_where_these_are_enforced()
    {
        await using LabEmulator strict = await LabEmulator.StartAsync(new EmulatorOptions { EnforceRoles = true }, Token);
        LabSession admin = LabSession.Resolve(strict.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, Folder));
        await CheckRestrictedAsync(admin, "default", await File.ReadAllTextAsync(strict.Info.KubeConfig, Token));
    }
}

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class KubeAccessOnRealClusterTests() : KubeAccessTests(KubeServer.Real)
{
    [Fact]
    public async Task A_restricted_account_learns_what_it_may_and_what_cannot_be_explained() =>
        await CheckRestrictedAsync(Session, Namespace, await File.ReadAllTextAsync(TestServers.Kubernetes(), Token));
}

/// <summary>Who may do what: the cmdlets beside the API server's own answers.</summary>
public abstract class KubeAccessTests(KubeServer server) : KubeTest(server)
{
    private const string Rbac = "rbac.authorization.k8s.io";
    private static readonly string[] Kinds =
        ["pods", "pods/log", "pods/exec", "configmaps", "secrets", "services", "deployments.apps", "deployments.apps/scale", "statefulsets.apps/scale", "jobs.batch", "nodes", "namespaces", "roles." + Rbac];

    [Fact]
    public async Task Who_can_agrees_with_the_api_server_on_generated_bindings()
    {
        Random random = new(14);
        string second = Namespace + "-b";
        string[] namespaces = [Namespace, second], names = ["one", "two", "three"], verbs = ["get", "list", "create", "delete", "patch"];
        string[] groups = [.. Enumerable.Range(0, 5).Select(i => $"{Namespace}-g{i}")];
        (string User, string[] Groups)[] users = [.. Enumerable.Range(0, 12).Select(i => ($"{Namespace}-u{i}", groups.Where(_ => random.Next(4) == 0).ToArray()))];
        (string Namespace, string Name)[] accounts = [.. Enumerable.Range(0, 8).Select(i => (namespaces[i % 2], $"a{i}"))];
        string mine = Some(groups);

        StringBuilder roles = new($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {second}}}}}\n"), bindings = new(), sentinels = new();
        for (int i = 0; i < 30; i++)
        {
            roles.Append(Role("Role", $"r{i}", namespaces[i % 2])).Append(Role("ClusterRole", $"{Namespace}-c{i}", null));
        }

        for (int i = 0; i < 200; i++)
        {
            bool everywhere = random.Next(5) == 0, clusterRole = everywhere || random.Next(2) == 0;
            string ns = Some(namespaces);
            // One in twenty names a role that is not there, or that is in the other namespace.
            string role = random.Next(20) == 0 ? "missing" : clusterRole ? $"{Namespace}-c{random.Next(30)}" : $"r{random.Next(30)}";
            bindings.Append(Binding(everywhere ? null : ns, $"{Namespace}-b{i}", clusterRole ? "ClusterRole" : "Role", role, string.Join(", ", Enumerable.Range(0, random.Next(1, 4)).Select(_ => Subject(everywhere)))));
        }

        // What is seen last by each of the API server's four watches.
        sentinels.Append($"---\n{{apiVersion: {Rbac}/v1, kind: Role, metadata: {{name: last, namespace: {Namespace}}}, rules: [{{apiGroups: [''], resources: [events], verbs: [get]}}]}}\n")
            .Append($"---\n{{apiVersion: {Rbac}/v1, kind: ClusterRole, metadata: {{name: {Namespace}-last}}, rules: [{{apiGroups: [''], resources: [nodes/status], verbs: [get]}}]}}\n")
            .Append(Binding(Namespace, "last", "Role", "last", $"{{kind: User, name: {Namespace}-last, apiGroup: {Rbac}}}"))
            .Append(Binding(null, $"{Namespace}-last", "ClusterRole", $"{Namespace}-last", $"{{kind: User, name: {Namespace}-last, apiGroup: {Rbac}}}"));
        string all = $"{roles}{bindings}{sentinels}";
        try
        {
            (await RunAsync("Deploy-LabManifest", new { Manifest = roles.ToString() })).Ok();
            (await RunAsync("Deploy-LabManifest", new { Manifest = bindings.ToString() })).Ok();
            (await RunAsync("Deploy-LabManifest", new { Manifest = sentinels.ToString() })).Ok();
            while (!(await RunAsync("Test-LabKubeAccess", new { Verb = "get", Kind = (string[])["events", "nodes/status"], As = $"{Namespace}-last", Quiet = true })).Ok().OutputOf<bool>().All(yes => yes))
            {
                await Task.Delay(100, Token);
            }

            int allowed = 0, asked = 0;
            List<string> differences = [];
            foreach ((string verb, string kind, string name, string ns) in Enumerable.Range(0, 40).Select(_ => (Some(verbs), Some(Kinds), random.Next(2) == 0 ? "" : Some(names), Some(namespaces))).ToArray())
            {
                LabKubeGrant[] who = (await RunAsync("Find-LabKubeAccess", new { Verb = verb, Kind = kind, Name = name, Namespace = ns })).OutputOf<LabKubeGrant>();
                PSObject[] questions = [.. users.Select(user => Question(user.User, user.Groups)), .. accounts.Select(account => Question($"system:serviceaccount:{account.Namespace}:{account.Name}", []))];
                bool[] answers = (await RunAsync("Test-LabKubeAccess", new { Verb = verb, Kind = kind, Namespace = ns, Quiet = true }, input: questions)).OutputOf<bool>();
                Assert.Equal(questions.Length, answers.Length);
                for (int i = 0; i < questions.Length; i++)
                {
                    AccessSubject person = AccessSubject.Of((string)questions[i].Properties["As"].Value, (string[])questions[i].Properties["AsGroup"].Value);
                    bool found = who.Any(grant => grant.Way == LabKubeGrantWay.Role && new RbacSubject(grant.SubjectKind, grant.SubjectNamespace, grant.SubjectName).Is(person));
                    (asked, allowed) = (asked + 1, allowed + (answers[i] ? 1 : 0));
                    if (found != answers[i])
                    {
                        differences.Add($"{person} {verb} {kind} {name} in {ns}: API server {answers[i]}, who-can {found}");
                    }
                }

                PSObject Question(string user, string[] of)
                {
                    PSObject row = new();
                    row.Properties.Add(new PSNoteProperty("As", user));
                    row.Properties.Add(new PSNoteProperty("AsGroup", of));
                    row.Properties.Add(new PSNoteProperty("Name", name));
                    return row;
                }
            }

            Assert.Empty(differences);
            Assert.True(allowed > asked / 20 && allowed < asked * 19 / 20, $"{allowed} of {asked} allowed says little");

            // The explanation is of the same mind as the answer.
            foreach ((string user, string[] of) in users)
            {
                LabKubeAccess[] explained = (await RunAsync("Test-LabKubeAccess", new { Verb = (string[])["get", "delete"], Kind = (string[])["pods/log", "secrets"], As = user, AsGroup = of })).Ok().OutputOf<LabKubeAccess>();
                Assert.Equal(4, explained.Length);
                Assert.All(explained, one => Assert.Equal((one.Allowed, "SubjectAccessReview"), (one.Grants.Count > 0, one.DecidedBy)));
                Assert.All(explained, one => Assert.Equal(one.Allowed, one.Action is null));
            }
        }
        finally
        {
            await RunAsync("Remove-LabManifest", new { Manifest = all, Force = true });
        }

        string Some(string[] of) => of[random.Next(of.Length)];

        string Role(string kind, string name, string? ns)
        {
            IEnumerable<string> rules = Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
            {
                string[] things = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(12) switch { 0 => "*", 1 => "*/scale", 2 => "*/log", 3 => "pods/*", _ => Some(Kinds) })];
                string ofNames = random.Next(3) == 0 ? $", resourceNames: [{Some(names)}]" : "";
                string group = random.Next(8) == 0 ? "'*'" : string.Join(", ", things.Select(thing => thing.Split('/')[0].Split('.', 2) is [_, var named] ? named : "''").Distinct());
                return $"{{apiGroups: [{group}], resources: [{string.Join(", ", things.Select(thing => $"'{Regex.Replace(thing, @"\.[^/]*", "")}'").Distinct())}], verbs: [{(random.Next(8) == 0 ? "'*'" : $"{Some(verbs)}, {Some(verbs)}")}]{ofNames}}}";
            });
            return $"---\n{{apiVersion: {Rbac}/v1, kind: {kind}, metadata: {{name: {name}{(ns is null ? "" : $", namespace: {ns}")}}}, rules: [{string.Join(", ", rules)}]}}\n";
        }

        string Subject(bool everywhere) => random.Next(everywhere ? 3 : 5) switch
        {
            0 => $"{{kind: User, name: {users[random.Next(users.Length)].User}, apiGroup: {Rbac}}}",
            1 => $"{{kind: Group, name: {Some(groups)}, apiGroup: {Rbac}}}",
            2 => accounts[random.Next(accounts.Length)] is var account ? $"{{kind: ServiceAccount, name: {account.Name}, namespace: {account.Namespace}}}" : "",
            3 => $"{{kind: User, name: 'system:serviceaccount:{Namespace}:a{random.Next(8)}', apiGroup: {Rbac}}}",
            _ => $"{{kind: Group, name: '{(random.Next(2) == 0 ? mine : $"system:serviceaccounts:{second}")}', apiGroup: {Rbac}}}",
        };
    }

    [Fact]
    public async Task What_decides_is_named_and_what_is_missing_is_said()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = $$"""
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: web}
            ---
            apiVersion: {{Rbac}}/v1
            kind: Role
            metadata: {name: reader}
            rules: [{apiGroups: [''], resources: [pods, pods/log], verbs: [get, list]}, {apiGroups: [''], resources: [secrets], resourceNames: [db], verbs: [get]}]
            ---
            apiVersion: {{Rbac}}/v1
            kind: RoleBinding
            metadata: {name: web-reads}
            roleRef: {apiGroup: {{Rbac}}, kind: Role, name: reader}
            subjects: [{kind: ServiceAccount, name: web}]
            ---
            apiVersion: {{Rbac}}/v1
            kind: RoleBinding
            metadata: {name: broken}
            roleRef: {apiGroup: {{Rbac}}, kind: Role, name: gone}
            subjects: [{kind: User, name: {{Namespace}}-ann, apiGroup: {{Rbac}}}]

            """ })).Ok();
        string account = $"{Namespace}:web";
        LabKubeAccess yes = await EventuallyAsync(new { Verb = "get", Kind = "po/log", ServiceAccount = account }, one => one.Allowed);
        Assert.Equal(
            ("Role/reader", $"RoleBinding/{Namespace}/web-reads", $"ServiceAccount/{Namespace}/web", "get,list pods,pods/log", "pods/log"),
            (yes.Role, yes.Binding, yes.Grantee, yes.Rule, yes.Kind));
        LabKubeAccess[] no = (await RunAsync("Test-LabKubeAccess", new { Verb = "delete", Kind = (string[])["pods"], ServiceAccount = "web" })).Ok().OutputOf<LabKubeAccess>();
        Assert.False(no[0].Allowed);
        Assert.EndsWith("but not delete.", no[0].Reason, StringComparison.Ordinal);
        Assert.Contains($"-Subject serviceaccount/{Namespace}/web -Namespace {Namespace}", no[0].Action, StringComparison.Ordinal);
        Assert.Contains("but not for other", (await OneAsync(new { Verb = "get", Kind = "secrets", Name = "other", ServiceAccount = "web" })).Reason, StringComparison.Ordinal);
        Assert.Contains($"only in namespace {Namespace}", (await OneAsync(new { Verb = "get", Kind = "pods", Namespace = "default", ServiceAccount = account })).Reason, StringComparison.Ordinal);
        Assert.Contains("which does not exist", (await OneAsync(new { Verb = "get", Kind = "pods", As = Namespace + "-ann" })).Reason, StringComparison.Ordinal);
        Assert.Contains("ClusterRoleBinding", (await OneAsync(new { Verb = "get", Kind = "nodes", As = Namespace + "-ann" })).Action, StringComparison.Ordinal);
        LabKubeAccess self = await OneAsync(new { Verb = "*", Kind = "*", AllNamespaces = true });
        Assert.True(self.Allowed);
        Assert.Equal("SelfSubjectAccessReview", self.DecidedBy);

        CmdletResult found = await RunAsync("Find-LabKubeAccess", new { Verb = "get", Kind = "secrets", Name = "db" });
        Assert.Contains(found.Ok().OutputOf<LabKubeGrant>(), grant => grant.Subject == $"ServiceAccount/{Namespace}/web" && grant.Role == "Role/reader");
        Assert.Contains(found.OutputOf<LabKubeGrant>(), grant => grant is { Subject: "Group/system:masters", Way: LabKubeGrantWay.BuiltIn });
        Assert.Contains(found.Warnings, warning => warning.Contains($"RoleBinding/{Namespace}/broken (Role/gone)", StringComparison.Ordinal));

        LabKubeAccessRule[] rules = (await RunAsync("Get-LabKubeAccess", new { ServiceAccount = account })).Ok().OutputOf<LabKubeAccessRule>();
        LabKubeAccessRule secrets = Assert.Single(rules, rule => rule.Kind == "secrets");
        Assert.Equal(("db", "get", $"RoleBinding/{Namespace}/web-reads"), (secrets.Name, secrets.Verbs.ToString(), secrets.Bindings.ToString()));
        Assert.Contains((await RunAsync("Get-LabKubeAccess")).Ok().OutputOf<LabKubeAccessRule>(), rule => rule.Kind == "*.*" && rule.Verbs.Contains("*"));
        LabKubeIdentity me = Assert.Single((await RunAsync("Get-LabKubeAccess", new { WhoAmI = true })).Ok().OutputOf<LabKubeIdentity>());
        Assert.Contains("system:masters", me.Groups);
    }

    [Fact]
    public async Task Questions_that_make_no_sense_are_answered_with_what_to_ask()
    {
        CmdletResult result = await RunAsync("Test-LabKubeAccess", new { Verb = "get", Kind = (string[])["podz", "pods"], Quiet = true });
        Assert.True(Assert.Single(result.OutputOf<bool>()));
        Assert.Contains("did you mean 'pods'?", result.Error().ToString(), StringComparison.Ordinal);
        Assert.Contains("did you mean 'delete'?", Assert.Single((await RunAsync("Test-LabKubeAccess", new { Verb = "delet", Kind = "pods", Quiet = true })).Ok().Warnings), StringComparison.Ordinal);
        Assert.Contains("has no verb 'delete': it has", Assert.Single((await RunAsync("Test-LabKubeAccess", new { Verb = "delete", Kind = "pods/log", Quiet = true })).Ok().Warnings), StringComparison.Ordinal);
        Assert.Contains("no subresource 'web'", Assert.Single((await RunAsync("Test-LabKubeAccess", new { Verb = "get", Kind = "pods/web", Quiet = true })).Ok().Warnings), StringComparison.Ordinal);
        Assert.StartsWith("KindMissing", (await RunAsync("Test-LabKubeAccess", new { Verb = "get" })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("SubjectAmbiguous", (await RunAsync("Test-LabKubeAccess", new { Verb = "get", Kind = "pods", As = "a", ServiceAccount = "b" })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty((await RunAsync("Test-LabKubeAccess", new { Verb = "impersonate", Kind = (string[])["users", "userextras/scopes", "signers"], Quiet = true })).Ok().Warnings);
        Assert.True(Assert.Single((await RunAsync("Test-LabKubeAccess", new { Verb = "get", NonResourceUrl = "/healthz", As = "anybody", Quiet = true })).Ok().OutputOf<bool>()));
    }

    /// <summary>What an account sees that may read pods and nothing of RBAC.</summary>
    protected async Task CheckRestrictedAsync(LabSession admin, string ns, string kubeConfig)
    {
        (await CmdletRunner.RunAsync("Deploy-LabManifest", new { Session = admin, Namespace = ns, Manifest = $$"""
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: guest}
            ---
            apiVersion: {{Rbac}}/v1
            kind: Role
            metadata: {name: pods}
            rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
            ---
            apiVersion: {{Rbac}}/v1
            kind: RoleBinding
            metadata: {name: pods}
            roleRef: {apiGroup: {{Rbac}}, kind: Role, name: pods}
            subjects: [{kind: ServiceAccount, name: guest}]

            """ })).Ok();
        (_, JsonObject token) = await KubernetesApi.For(admin.Kubernetes).SendAsync(
            HttpMethod.Post, $"/api/v1/namespaces/{ns}/serviceaccounts/guest/token", Encoding.UTF8.GetBytes("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}"""), null, Token);
        string config = Write("guest", Regex.Replace(kubeConfig, @"user: \{[^}]*\}", $"user: {{token: {token["status"]!["token"]}}}"));
        LabSession guest = LabSession.Resolve(new SessionOptions { KubeConfig = config, Namespace = ns }, "test", null, new LabEnvironment(_ => null, Folder));

        LabKubeAccess yes = await EventuallyAsync(new { Verb = "get", Kind = "pods", Session = guest }, one => one.Allowed);
        Assert.Equal(("Role/pods", $"RoleBinding/{ns}/pods", $"ServiceAccount/{ns}/guest", null), (yes.Role, yes.Binding, yes.Grantee, yes.Rule));
        Assert.Contains("The rule is not known: listing clusterroles.rbac.authorization.k8s.io", yes.Reason, StringComparison.Ordinal);
        LabKubeAccess no = await OneAsync(new { Verb = "delete", Kind = "pods", Session = guest });
        Assert.False(no.Allowed);
        Assert.Contains("What is missing is not known", no.Reason, StringComparison.Ordinal);
        Assert.StartsWith("Forbidden", (await RunAsync("Test-LabKubeAccess", new { Verb = "get", Kind = "pods", As = "ann", Session = guest })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("Forbidden", (await RunAsync("Find-LabKubeAccess", new { Verb = "get", Kind = "pods", Session = guest })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("get", Assert.Single((await RunAsync("Get-LabKubeAccess", new { Session = guest })).Ok().OutputOf<LabKubeAccessRule>(), rule => rule.Kind == "pods").Verbs.ToString());
        LabKubeIdentity me = Assert.Single((await RunAsync("Get-LabKubeAccess", new { WhoAmI = true, Session = guest })).Ok().OutputOf<LabKubeIdentity>());
        Assert.Equal(($"system:serviceaccount:{ns}:guest", "token"), (me.User, me.Authentication));
        Assert.True(me.Expires > DateTimeOffset.UtcNow);
    }

    private static string Binding(string? ns, string name, string kind, string role, string subjects) =>
        $"---\n{{apiVersion: {Rbac}/v1, kind: {(ns is null ? "ClusterRoleBinding" : "RoleBinding")}, metadata: {{name: {name}{(ns is null ? "" : $", namespace: {ns}")}}}, "
        + $"roleRef: {{apiGroup: {Rbac}, kind: {kind}, name: {role}}}, subjects: [{subjects}]}}\n";

    private async Task<LabKubeAccess> OneAsync(object parameters) => Assert.Single((await RunAsync("Test-LabKubeAccess", parameters)).Ok().OutputOf<LabKubeAccess>());

    // The API server sees a new role a moment later.
    private async Task<LabKubeAccess> EventuallyAsync(object parameters, Func<LabKubeAccess, bool> holds)
    {
        while (true)
        {
            LabKubeAccess one = await OneAsync(parameters);
            if (holds(one))
            {
                return one;
            }

            await Task.Delay(100, Token);
        }
    }
}
