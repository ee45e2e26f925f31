using System.Diagnostics;
using System.Text.Json.Nodes;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Decisions;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

/// <summary>
/// The evaluator beside another one, that of npm's @cloud-copilot/iam-simulate, on generated requests. Where the two differ and the IAM User Guide
/// says who is right, the difference stands here with its reason.
/// </summary>
[Trait("Area", "Identity")]
[Trait("Server", "simulate")]
public sealed class SecondOpinionTests
{
    private const string Script = """
        import { createRequire } from 'node:module';
        import { createInterface } from 'node:readline';
        const { runSimulation } = createRequire(process.argv[2] + '/x.js')('@cloud-copilot/iam-simulate');
        for await (const line of createInterface({ input: process.stdin })) {
          const result = await runSimulation(JSON.parse(line), {});
          console.log(result.resultType === 'error' ? 'error ' + JSON.stringify(result.errors) : result.overallResult);
        }
        """;

    private static readonly string[] Callers =
    [
        $"arn:aws:iam::{PolicyGenerator.Account}:user/ann", $"arn:aws:sts::{PolicyGenerator.Account}:assumed-role/viewer/s1", "arn:aws:iam::210987654321:user/bob",
        "arn:aws:sts::210987654321:assumed-role/guest/s2",
    ];

    private static readonly string[] Principals =
    [
        "\"*\"", "{\"AWS\":\"*\"}", $"{{\"AWS\":\"{PolicyGenerator.Account}\"}}", $"{{\"AWS\":\"arn:aws:iam::{PolicyGenerator.Account}:user/ann\"}}",
        $"{{\"AWS\":\"arn:aws:iam::{PolicyGenerator.Account}:role/viewer\"}}", $"{{\"AWS\":\"arn:aws:sts::{PolicyGenerator.Account}:assumed-role/viewer/s1\"}}",
        "{\"AWS\":[\"arn:aws:iam::210987654321:root\",\"arn:aws:iam::123456789012:user/ann\"]}", "{\"AWS\":\"arn:aws:iam::210987654321:role/guest\"}",
        "{\"Service\":\"ec2.amazonaws.com\"}",
    ];

    [Fact]
    public async Task Three_thousand_requests_are_decided_alike()
    {
        PolicyGenerator generator = new(20261128)
        {
            Conditions =
            [
                .. new PolicyGenerator(0).Conditions,
                ("StringEquals", "aws:PrincipalTag/team", ["data", "x"]), ("StringLike", "aws:PrincipalTag/team", ["d*"]), ("StringNotEqualsIfExists", "aws:PrincipalTag/none", ["x"]),
                ("StringEquals", "aws:PrincipalTag/none", ["x"]), ("Null", "aws:PrincipalTag/none", ["true"]),
                ("ForAllValues:StringEquals", "aws:CalledVia", ["athena.amazonaws.com", "kms.amazonaws.com"]), ("ForAnyValue:StringLike", "aws:CalledVia", ["kms.*"]),
                ("ForAnyValue:StringNotEquals", "aws:CalledVia", ["kms.amazonaws.com"]), ("ForAllValues:StringNotLike", "aws:CalledVia", ["k*"]),
                ("ArnLike", "aws:SourceArn", ["arn:aws:sns:*:123456789012:news-*"]), ("ArnNotEquals", "aws:SourceArn", ["arn:aws:sns:eu-central-1:123456789012:news-1"]),
                ("BoolIfExists", "aws:MultiFactorAuthPresent", ["true"]), ("NumericLessThan", "aws:MultiFactorAuthAge", ["3600"]),
                ("DateGreaterThanEquals", "aws:CurrentTime", ["2026-01-01"]), ("IpAddressIfExists", "aws:SourceIp", ["2001:db8::/32", "127.0.0.0/8"]),
            ],
        };
        List<(JsonObject Simulation, PolicyDecision Own)> cases = [];
        while (cases.Count < 3000)
        {
            cases.Add(Make(generator));
        }

        string[] theirs = await AskAsync(cases.Select(one => one.Simulation));
        List<string> differences = [];
        int known = 0;
        for (int i = 0; i < cases.Count; i++)
        {
            if (theirs[i] == cases[i].Own.Outcome.ToString())
            {
                continue;
            }

            if (cases[i] is { Own: { Allowed: true, Layer: PolicyLayer.Resource } } && cases[i].Simulation.ContainsKey("sessionPolicy"))
            {
                // See the known differences.
                known++;
            }
            else
            {
                differences.Add($"{theirs[i]}, here {cases[i].Own.Outcome}: {cases[i].Simulation.ToJsonString()}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{cases.Count} requests: {string.Join(", ", cases.GroupBy(one => one.Own.Outcome).Select(group => $"{group.Count()} {group.Key}"))}, {differences.Count} differ, {known} for a known reason.");
        Assert.InRange(known, 0, 30);
        Assert.True(differences.Count == 0, $"{differences.Count} of {cases.Count} differ:\n{string.Join('\n', differences.Take(10))}");
        Assert.All(Enum.GetValues<PolicyOutcome>(), outcome => Assert.True(cases.Count(one => one.Own.Outcome == outcome) > 200, $"Hardly any {outcome}."));
    }

    /// <summary>What the two decide differently, and the place in the IAM User Guide that decides between them.</summary>
    [Fact]
    public async Task Known_differences_are_still_there()
    {
        JsonObject Simulation(string caller, string identity, string? resource) => new()
        {
            ["request"] = new JsonObject
            {
                ["principal"] = caller, ["action"] = "s3:GetObject", ["resource"] = new JsonObject { ["resource"] = "arn:aws:s3:::movies/ann/a", ["accountId"] = PolicyGenerator.Account },
                ["contextVariables"] = new JsonObject { ["aws:username"] = "ann" },
            },
            ["identityPolicies"] = new JsonArray(new JsonObject { ["name"] = "p", ["policy"] = JsonNode.Parse(identity) }),
            ["resourcePolicy"] = resource is null ? null : JsonNode.Parse(resource),
            ["serviceControlPolicies"] = new JsonArray(), ["resourceControlPolicies"] = new JsonArray(),
        };
        const string All = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}""";
        (JsonObject Simulation, PolicyOutcome Documented)[] cases =
        [
            // reference_policies_elements_version: variables are plain text in a policy of an older version, or of none.
            (Simulation(Callers[0], """{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::movies/${aws:username}/*"}}""", null), PolicyOutcome.ImplicitDeny),
            // reference_policies_elements_notprincipal: of a role session, the session, the role and the account have to be named, or it is denied.
            (Simulation(Callers[1], All, $$$"""{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::{{{PolicyGenerator.Account}}}:role/viewer","{{{PolicyGenerator.Account}}}"]},"Action":"s3:*","Resource":"*"}}"""), PolicyOutcome.ExplicitDeny),
            // access_policies, session policies: they do not limit what the resource's policy grants to the session itself, or to everybody.
            (WithSession(Simulation(Callers[1], """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}""", $$$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"{{{Callers[1]}}}"},"Action":"s3:*","Resource":["arn:aws:s3:::movies","arn:aws:s3:::movies/*"]}}""")), PolicyOutcome.Allowed),
        ];
        Assert.All(cases, one => Assert.Equal(one.Documented, Decide(one.Simulation).Outcome));
        string[] theirs = await AskAsync(cases.Select(one => one.Simulation));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", theirs));
        Assert.All(theirs.Zip(cases), pair => Assert.NotEqual(pair.Second.Documented.ToString(), pair.First));
    }

    private static JsonObject WithSession(JsonObject simulation)
    {
        simulation["sessionPolicy"] = JsonNode.Parse("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}""");
        return simulation;
    }

    private static (JsonObject Simulation, PolicyDecision Own) Make(PolicyGenerator generator)
    {
        string caller = generator.OneOf(Callers);
        (string action, string? key, string? prefix, int? maxKeys) = generator.Request();
        JsonObject context = new() { ["aws:SourceIp"] = "127.0.0.1", ["aws:SecureTransport"] = "false", ["aws:CurrentTime"] = "2026-11-28T12:00:00Z", ["aws:PrincipalTag/team"] = generator.OneOf<string>(["data", "secret", "x"]) };
        if (prefix is not null)
        {
            context["s3:prefix"] = prefix;
        }

        if (maxKeys is not null)
        {
            context["s3:max-keys"] = $"{maxKeys}";
        }

        if (generator.Chance(0.4))
        {
            context["aws:CalledVia"] = new JsonArray([.. generator.OneOf<string[]>([["athena.amazonaws.com"], ["kms.amazonaws.com"], ["athena.amazonaws.com", "kms.amazonaws.com"], ["s3.amazonaws.com"]]).Select(via => (JsonNode)via)]);
        }

        if (generator.Chance(0.4))
        {
            context["aws:SourceArn"] = generator.OneOf<string>(["arn:aws:sns:eu-central-1:123456789012:news-1", "arn:aws:sns:eu-central-1:123456789012:other"]);
        }

        if (generator.Chance(0.4))
        {
            context["aws:MultiFactorAuthPresent"] = generator.OneOf<string>(["true", "false"]);
            context["aws:MultiFactorAuthAge"] = generator.OneOf<string>(["60", "3600", "7200"]);
        }

        JsonArray Named(int count) => [.. Enumerable.Range(1, count).Select(i => (JsonNode)new JsonObject { ["name"] = $"p{i}", ["policy"] = generator.Policy(variables: true) })];
        JsonArray Levels(JsonArray policies) => [new JsonObject { ["orgIdentifier"] = "account", ["policies"] = policies }];
        JsonObject simulation = new()
        {
            ["request"] = new JsonObject
            {
                ["principal"] = caller, ["action"] = action, ["resource"] = new JsonObject { ["resource"] = generator.Arn(key), ["accountId"] = PolicyGenerator.Account }, ["contextVariables"] = context,
            },
            ["identityPolicies"] = Named(generator.Chance(0.2) ? 2 : 1),
            ["serviceControlPolicies"] = generator.Chance(0.2) ? Levels(Named(2)) : new JsonArray(),
            ["resourceControlPolicies"] = new JsonArray(),
        };
        if (generator.Chance(0.5) || caller.Contains("2109", StringComparison.Ordinal))
        {
            simulation["resourcePolicy"] = generator.Policy(Principals, variables: true);
        }

        if (generator.Chance(0.2))
        {
            simulation["permissionBoundaryPolicies"] = Named(1);
        }

        if (caller.Contains(":assumed-role/", StringComparison.Ordinal) && generator.Chance(0.2))
        {
            simulation["sessionPolicy"] = generator.Policy(variables: true);
        }

        return (simulation, Decide(simulation));
    }

    private static PolicyDecision Decide(JsonObject simulation)
    {
        JsonNode request = simulation["request"]!;
        PolicyContext context = new();
        foreach ((string key, JsonNode? value) in request["contextVariables"]!.AsObject())
        {
            context.Set(key, value is JsonArray several ? [.. several.Select(one => (string)one!)] : [(string)value!]);
        }

        PolicyCaller caller = CallerText.Parse((string)request["principal"]!);
        CallerText.Describe(caller, context);
        NamedPolicy[] Read(JsonNode? policies) => [.. (policies as JsonArray ?? []).Select(policy => new NamedPolicy((string)policy!["name"]!, PolicyGenerator.Read(policy["policy"]!.AsObject())))];
        NamedPolicy[] One(JsonNode? policy) => policy is JsonObject document ? [new NamedPolicy("p", PolicyGenerator.Read(document))] : [];
        return PolicyEvaluator.Evaluate(
            new PolicyRequest((string)request["action"]!, (string)request["resource"]!["resource"]!, caller, context) { ResourceAccount = (string)request["resource"]!["accountId"]! },
            new PolicySet
            {
                Identity = Read(simulation["identityPolicies"]),
                Resource = One(simulation["resourcePolicy"]).FirstOrDefault(),
                Boundary = Read(simulation["permissionBoundaryPolicies"]).FirstOrDefault(),
                Session = One(simulation["sessionPolicy"]),
                ServiceControl = [.. simulation["serviceControlPolicies"]!.AsArray().Select(level => Read(level!["policies"]))],
            });
    }

    private static async Task<string[]> AskAsync(IEnumerable<JsonObject> simulations)
    {
        string package = TestServers.IamSimulate();
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;
        string script = Path.Combine(folder, "ask.mjs"), input = Path.Combine(folder, "input.jsonl");
        await File.WriteAllTextAsync(script, Script, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(input, simulations.Select(one => one.ToJsonString()), TestContext.Current.CancellationToken);
        string output = await ForeignProcess.OutputAsync(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "exec node \"$1\" \"$2\" < \"$3\"", "sh", script, package, input } });
        return [.. output.TrimEnd().Split('\n').Select(answer => answer switch
        {
            "ImplicitlyDenied" => "ImplicitDeny",
            "ExplicitlyDenied" => "ExplicitDeny",
            _ => answer,
        })];
    }
}
