using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Decisions;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

/// <summary>Organizations, several accounts, trust and key policies, and what nearly decided.</summary>
[Trait("Area", "Identity")]
public sealed class PolicyLayersTests
{
    private const string Own = "123456789012";
    private const string Other = "210987654321";
    private const string Ann = $"arn:aws:iam::{Own}:user/ann";
    private const string Bob = $"arn:aws:iam::{Other}:user/bob";
    private const string Viewer = $"arn:aws:sts::{Own}:assumed-role/viewer/s1";

    /// <summary>Levels of service control policies (A allows, D denies, - is silent), whether the caller is root, outcome, layer.</summary>
    [Theory]
    [InlineData("A", false, PolicyOutcome.Allowed, PolicyLayer.Identity)]
    [InlineData("-", false, PolicyOutcome.ImplicitDeny, PolicyLayer.ServiceControl)]
    [InlineData("A-", false, PolicyOutcome.Allowed, PolicyLayer.Identity)]
    [InlineData("A,A", false, PolicyOutcome.Allowed, PolicyLayer.Identity)]
    [InlineData("A,-", false, PolicyOutcome.ImplicitDeny, PolicyLayer.ServiceControl)]
    [InlineData("-,A", false, PolicyOutcome.ImplicitDeny, PolicyLayer.ServiceControl)]
    [InlineData("AD,A", false, PolicyOutcome.ExplicitDeny, PolicyLayer.ServiceControl)]
    [InlineData("A", true, PolicyOutcome.Allowed, PolicyLayer.Root)]
    [InlineData("-", true, PolicyOutcome.ImplicitDeny, PolicyLayer.ServiceControl)]
    [InlineData("AD", true, PolicyOutcome.ExplicitDeny, PolicyLayer.ServiceControl)]
    public void Each_level_of_an_organization_must_allow(string levels, bool root, PolicyOutcome outcome, PolicyLayer layer)
    {
        PolicySet set = new() { Identity = [Some('A')], ServiceControl = [.. levels.Split(',').Select(level => level.Select(Some).ToArray())] };
        PolicyDecision decision = Decide(root ? Own : Ann, set);
        Assert.Equal((outcome, layer), (decision.Outcome, decision.Layer));
    }

    [Fact]
    public void Control_policies_do_not_limit_a_role_that_a_service_made_for_itself()
    {
        PolicySet set = new() { Identity = [Some('A')], ServiceControl = [[Some('D')]], ResourceControl = [Some('D')] };
        Assert.True(Decide($"arn:aws:iam::{Own}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", set).Allowed);
        Assert.Equal(PolicyLayer.ServiceControl, Decide(Viewer, set).Layer);
    }

    [Fact]
    public void Resource_control_policies_deny_whomever_they_name_by_condition()
    {
        PolicySet set = new()
        {
            Resource = Policy("""{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"""),
            ResourceControl = [Some('A'), Policy("""{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalAccount":"123456789012"}}}""")],
        };
        Assert.True(Decide(Ann, set).Allowed);
        PolicyDecision denied = Decide(Bob, set with { Identity = [Some('A')] });
        Assert.Equal((PolicyOutcome.ExplicitDeny, PolicyLayer.ResourceControl), (denied.Outcome, denied.Layer));
    }

    /// <summary>Whom the bucket's policy names, the caller, whether their own policy allows, whether a silent boundary limits, whether it is allowed.</summary>
    [Theory]
    [InlineData(Ann, Ann, false, false, true)]
    [InlineData(Ann, Ann, false, true, true)]
    [InlineData(Bob, Bob, false, false, false)]
    [InlineData(Bob, Bob, true, false, true)]
    [InlineData(Bob, Bob, true, true, false)]
    [InlineData(Other, Bob, true, false, true)]
    [InlineData(Other, Bob, false, false, false)]
    [InlineData("*", Bob, true, false, true)]
    [InlineData("*", Bob, false, false, false)]
    [InlineData(null, Bob, true, false, false)]
    [InlineData(null, Ann, true, false, true)]
    [InlineData("arn:aws:iam::123456789012:role/viewer", Viewer, false, true, false)]
    [InlineData("arn:aws:iam::123456789012:role/viewer", Viewer, false, false, true)]
    [InlineData(Viewer, Viewer, false, true, true)]
    [InlineData("arn:aws:iam::210987654321:role/guest", "arn:aws:sts::210987654321:assumed-role/guest/s1", true, false, true)]
    [InlineData("arn:aws:iam::210987654321:role/guest", "arn:aws:sts::210987654321:assumed-role/guest/s1", false, false, false)]
    public void Another_account_has_to_allow_on_both_sides(string? named, string caller, bool own, bool boundary, bool allowed)
    {
        PolicySet set = new()
        {
            Identity = own ? [Some('A')] : [],
            Boundary = boundary ? Some('-') : null,
            Resource = named is null ? null : Policy($$"""{"Effect":"Allow","Principal":{"AWS":"{{named}}"},"Action":"s3:*","Resource":"*"}"""),
        };
        Assert.Equal(allowed, Decide(caller, set, account: Own).Allowed);
    }

    /// <summary>Who is excluded from the denial, the caller, whether they are denied.</summary>
    [Theory]
    [InlineData($"\"{Ann}\",\"{Own}\"", Ann, false)]
    [InlineData($"\"{Ann}\",\"arn:aws:iam::{Own}:root\"", Ann, false)]
    [InlineData($"\"{Ann}\"", Ann, true)]
    [InlineData($"\"{Own}\"", Ann, true)]
    [InlineData($"\"{Own}\"", Own, false)]
    [InlineData($"\"{Viewer}\",\"arn:aws:iam::{Own}:role/viewer\",\"{Own}\"", Viewer, false)]
    [InlineData($"\"arn:aws:iam::{Own}:role/viewer\",\"{Own}\"", Viewer, true)]
    [InlineData($"\"{Viewer}\",\"{Own}\"", Viewer, true)]
    [InlineData($"\"{Bob}\",\"{Other}\"", Ann, true)]
    [InlineData($"\"{Ann}\",\"{Own}\"", "anonymous", true)]
    [InlineData("\"*\"", Viewer, false)]
    public void NotPrincipal_spares_only_who_is_named_with_role_and_account(string excluded, string caller, bool denied)
    {
        PolicySet set = new()
        {
            Identity = [Some('A')],
            Resource = Policy($$"""{"Effect":"Deny","NotPrincipal":{"AWS":[{{excluded}}]},"Action":"s3:*","Resource":"*"},{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"""),
        };
        Assert.Equal(denied, Decide(caller, set).Outcome == PolicyOutcome.ExplicitDeny);
    }

    [Theory]
    [InlineData("ec2.amazonaws.com", "{\"Service\":[\"ec2.amazonaws.com\",\"ecs-tasks.amazonaws.com\"]}", true)]
    [InlineData("lambda.amazonaws.com", "{\"Service\":\"ec2.amazonaws.com\"}", false)]
    [InlineData("arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", "{\"Federated\":\"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\"}", true)]
    [InlineData("accounts.google.com", "{\"Federated\":\"cognito-identity.amazonaws.com\"}", false)]
    [InlineData("anonymous", "{\"AWS\":\"123456789012\"}", false)]
    [InlineData(Bob, "{\"AWS\":\"AIDAEXAMPLEEXAMPLE123\"}", false)]
    public void A_trust_policy_names_services_and_providers_too(string caller, string principal, bool allowed)
    {
        PolicySet set = new() { Resource = Policy($$"""{"Effect":"Allow","Principal":{{principal}},"Action":"sts:*"}"""), ResourceMustAllow = true };
        PolicyCaller who = CallerText.Parse(caller);
        Assert.Equal(allowed, PolicyEvaluator.Evaluate(new PolicyRequest("sts:AssumeRole", $"arn:aws:iam::{Own}:role/r", who, new PolicyContext()), set).Allowed);
    }

    [Fact]
    public void A_decision_names_what_nearly_decided_and_why_it_did_not()
    {
        PolicySet set = new()
        {
            Identity =
            [
                new NamedPolicy("policy 'p'", PolicyDocument.Parse("""
                    {"Version":"2012-10-17","Statement":[
                      {"Sid":"Elsewhere","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"},
                      {"Sid":"Office","Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/${aws:username}","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.7/24"}}},
                      {"Sid":"Far","Effect":"Allow","Action":"ec2:*","Resource":"arn:aws:ec2:*:*:*"}]}
                    """)),
            ],
        };
        PolicyContext context = new PolicyContext().Set("aws:SourceIp", "198.51.100.1").Set("aws:username", "k");
        LabPolicyDecision decision = PolicyExplainer.Explain(new PolicyRequest("s3:GetObject", "arn:aws:s3:::b/k", CallerText.Parse(Ann), context), set);
        Assert.Equal((PolicyOutcome.ImplicitDeny, "no identity-based policy allows it"), (decision.Decision, decision.DecidedBy));
        Assert.Equal(["Elsewhere", "Office"], decision.NearMiss.Select(miss => miss.Sid!).Order());
        PolicyNearMiss office = decision.NearMiss.Single(miss => miss.Sid == "Office");
        PolicyMismatch failed = Assert.Single(office.Failed);
        Assert.Equal((PolicyElement.Condition, "aws:SourceIp", "IpAddress"), (failed.Element, failed.Key!, failed.Operator));
        Assert.Equal("203.0.113.7/24", Assert.Single(failed.Expected));
        Assert.Equal("198.51.100.1", Assert.Single(failed.Actual!));
        Assert.Equal("condition IpAddress aws:SourceIp 203.0.113.7/24: the request has 198.51.100.1", failed.ToString());
        Assert.Equal(PolicyElement.Resource, Assert.Single(decision.NearMiss.Single(miss => miss.Sid == "Elsewhere").Failed).Element);

        LabPolicyDecision allowed = PolicyExplainer.Explain(new PolicyRequest("s3:GetObject", "arn:aws:s3:::b/k", CallerText.Parse(Ann), context.Set("aws:SourceIp", "203.0.113.9")), set);
        Assert.Equal((true, "Office", 1, "statement 'Office' of policy 'p'"), (allowed.Allowed, allowed.Sid!, allowed.StatementIndex!.Value, allowed.DecidedBy));
    }

    [Fact]
    public void What_the_explanation_says_is_missing_is_what_is_missing()
    {
        // Whoever mends the only element that a near miss names has turned the decision.
        PolicyGenerator generator = new(7);
        int mended = 0;
        for (int i = 0; i < 4000; i++)
        {
            PolicySet set = new() { Identity = [new NamedPolicy("p", PolicyGenerator.Read(generator.Policy()))] };
            (string action, string? key, string? prefix, _) = generator.Request();
            PolicyContext context = new PolicyContext().Set("aws:SourceIp", "127.0.0.1").Set("aws:SecureTransport", "false").Set("aws:CurrentTime", "2026-11-28T12:00:00Z");
            if (prefix is not null)
            {
                context.Set("s3:prefix", prefix);
            }

            PolicyRequest request = new(action, generator.Arn(key), CallerText.Parse(Ann), context);
            LabPolicyDecision decision = PolicyExplainer.Explain(request, set);
            PolicyDecision plain = PolicyEvaluator.Evaluate(request, set);
            Assert.Equal((plain.Outcome, plain.Layer, plain.Statement), (decision.Decision, decision.Layer, decision.Statement));
            if (decision.Decision == PolicyOutcome.ImplicitDeny && decision.NearMiss is [{ Failed: [{ Element: PolicyElement.Condition } condition] } miss, ..])
            {
                PolicyStatement without = miss.Statement with { Condition = [.. miss.Statement.Condition.Where(one => one.Operator != condition.Operator || one.Key != condition.Key)] };
                PolicyDocument document = set.Identity[0].Document;
                PolicySet repaired = new() { Identity = [new NamedPolicy("p", new PolicyDocument([.. document.Statement.Select((one, index) => index == miss.StatementIndex ? without : one)]))] };
                Assert.True(PolicyEvaluator.Evaluate(request, repaired).Allowed, $"{request} {document}");
                mended++;
            }
        }

        Assert.InRange(mended, 100, 4000);
    }

    /// <summary>What holds for all policies and requests, whatever they are.</summary>
    [Fact]
    public void A_denial_only_takes_a_permission_only_gives_and_order_does_not_count()
    {
        PolicyGenerator generator = new(42);
        int changed = 0;
        for (int i = 0; i < 5000; i++)
        {
            PolicyDocument document = PolicyGenerator.Read(generator.Policy(variables: true)), more = PolicyGenerator.Read(generator.Policy(variables: true));
            (string action, string? key, string? prefix, int? maxKeys) = generator.Request();
            PolicyContext context = new PolicyContext().Set("aws:SourceIp", "127.0.0.1").Set("aws:SecureTransport", "false").Set("aws:CurrentTime", "2026-11-28T12:00:00Z").Set("aws:PrincipalTag/team", "data");
            if (prefix is not null)
            {
                context.Set("s3:prefix", prefix);
            }

            if (maxKeys is not null)
            {
                context.Set("s3:max-keys", $"{maxKeys}");
            }

            PolicyOutcome Outcome(PolicyDocument own, PolicyDocument? boundary = null, string? spelled = null) => PolicyEvaluator.Evaluate(
                new PolicyRequest(spelled ?? action, generator.Arn(key), CallerText.Parse(Ann), context),
                new PolicySet { Identity = [new NamedPolicy("p", own)], Boundary = boundary is null ? null : new NamedPolicy("b", boundary) }).Outcome;
            PolicyOutcome alone = Outcome(document);
            PolicyDocument With(PolicyEffect effect) => new([.. document.Statement, .. more.Statement.Where(statement => statement.Effect == effect)]);
            PolicyOutcome denied = Outcome(With(PolicyEffect.Deny)), allowed = Outcome(With(PolicyEffect.Allow)), both = Outcome(document, more);
            string at = $"{action} {key} {prefix} {maxKeys}\n{document}\n{more}";
            Assert.True(denied == alone || denied == PolicyOutcome.ExplicitDeny, at);
            Assert.True(allowed == alone || (alone == PolicyOutcome.ImplicitDeny && allowed == PolicyOutcome.Allowed), at);
            Assert.True(both == PolicyOutcome.Allowed == (alone == PolicyOutcome.Allowed && Outcome(more) == PolicyOutcome.Allowed), at);
            Assert.Equal(alone, Outcome(new PolicyDocument([.. document.Statement.Reverse()])));
            Assert.Equal(alone, Outcome(document, spelled: action.ToUpperInvariant()));
            Assert.Equal(alone, Outcome(PolicyDocument.Parse(document.ToJson())));
            // One statement for each action and resource is the same as one for all of them.
            Assert.Equal(alone, Outcome(new PolicyDocument([.. document.Statement.SelectMany(statement => statement is { NotAction.Count: 0, NotResource.Count: 0 }
                ? statement.Action.SelectMany(one => statement.Resource.Select(resource => statement with { Action = [one], Resource = [resource] }))
                : [statement])])));
            changed += denied != alone || allowed != alone ? 1 : 0;
        }

        Assert.InRange(changed, 500, 5000);
    }

    private static NamedPolicy Some(char what) => Policy(what switch
    {
        'A' => """{"Effect":"Allow","Action":"*","Resource":"*"}""",
        'D' => """{"Effect":"Deny","Action":"s3:*","Resource":"*"}""",
        _ => """{"Effect":"Allow","Action":"ec2:*","Resource":"*"}""",
    });

    private static NamedPolicy Policy(string statements) => new("p", PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}"""));

    private static PolicyDecision Decide(string caller, PolicySet set, string? account = null)
    {
        PolicyCaller who = CallerText.Parse(caller);
        PolicyContext context = new();
        CallerText.Describe(who, context);
        return PolicyEvaluator.Evaluate(new PolicyRequest("s3:GetObject", "arn:aws:s3:::b/k", who, context) { ResourceAccount = account }, set);
    }
}
