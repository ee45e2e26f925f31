using System.Text.RegularExpressions;
using CloudLab.Core.Identity.Policies;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

[Trait("Area", "Identity")]
public sealed class PolicyEvaluatorTests
{
    private const string Account = "123456789012";

    private static readonly PolicyCaller Ann = new() { Account = Account, Arn = $"arn:aws:iam::{Account}:user/ann" };

    private static readonly PolicyCaller Viewer = new()
    {
        Account = Account,
        Arn = $"arn:aws:sts::{Account}:assumed-role/viewer/s1",
        RoleArn = $"arn:aws:iam::{Account}:role/viewer",
    };

    private static readonly PolicyCaller Root = new() { Account = Account, Arn = $"arn:aws:iam::{Account}:root", IsRoot = true };

    /// <summary>Statements of one identity policy, action, resource, outcome.</summary>
    public static TheoryData<string, string, string, PolicyOutcome> Identity => new()
    {
        { """{"Effect":"Allow","Action":"*","Resource":"*"}""", "s3:GetObject", "arn:aws:s3:::b/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}""", "s3:PutObject", "arn:aws:s3:::b/k", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"S3:getobject","Resource":"*"}""", "s3:GetObject", "arn:aws:s3:::b/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}""", "s3:GetObjectAcl", "arn:aws:s3:::b/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:?etObject","Resource":"*"}""", "s3:GetObject", "arn:aws:s3:::b/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""", "s3:GetObject", "arn:aws:s3:::b/a/b/c", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""", "s3:GetObject", "arn:aws:s3:::b", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/Data/*"}""", "s3:GetObject", "arn:aws:s3:::b/data/k", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/data*"}""", "s3:GetObject", "arn:aws:s3:::b/database", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b"}""", "s3:ListBucket", "arn:aws:s3:::bb", PolicyOutcome.ImplicitDeny },
        // Explicit deny wins, whatever the order.
        { """{"Effect":"Deny","Action":"s3:Put*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}""", "s3:PutObject", "arn:aws:s3:::b/k", PolicyOutcome.ExplicitDeny },
        { """{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}""", "s3:PutObject", "arn:aws:s3:::b/k", PolicyOutcome.ExplicitDeny },
        { """{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}""", "s3:GetObject", "arn:aws:s3:::b/k", PolicyOutcome.Allowed },
        // NotAction is everything else, also of other services; it allows as well as it denies.
        { """{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}""", "s3:PutObject", "arn:aws:s3:::b/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}""", "iam:CreateUser", "*", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["s3:Get*","s3:List*"],"Resource":"*"}""", "s3:DeleteObject", "arn:aws:s3:::b/k", PolicyOutcome.ExplicitDeny },
        { """{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["s3:Get*","s3:List*"],"Resource":"*"}""", "s3:ListBucket", "arn:aws:s3:::b", PolicyOutcome.Allowed },
        // NotResource.
        { """{"Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::secret","arn:aws:s3:::secret/*"]}""", "s3:GetObject", "arn:aws:s3:::b/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::secret","arn:aws:s3:::secret/*"]}""", "s3:GetObject", "arn:aws:s3:::secret/k", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b/mine/*"}""", "s3:GetObject", "arn:aws:s3:::b/yours/k", PolicyOutcome.ExplicitDeny },
        // Variables in resources; ann has aws:username, nobody has aws:PrincipalTag/team.
        { """{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}""", "s3:GetObject", "arn:aws:s3:::b/ann/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}""", "s3:GetObject", "arn:aws:s3:::b/bob/k", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*"}""", "s3:GetObject", "arn:aws:s3:::b//k", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team, 'all'}/*"}""", "s3:GetObject", "arn:aws:s3:::b/all/k", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*"}""", "s3:GetObject", "arn:aws:s3:::b/x/k", PolicyOutcome.ImplicitDeny },
        // All conditions of a statement must hold.
        { """{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":["data/*","data/"]}}}""", "s3:ListBucket", "arn:aws:s3:::b", PolicyOutcome.Allowed },
        { """{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:prefix":"other/"}}}""", "s3:ListBucket", "arn:aws:s3:::b", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":"data/*"},"Bool":{"aws:SecureTransport":"true"}}}""", "s3:ListBucket", "arn:aws:s3:::b", PolicyOutcome.ImplicitDeny },
        { """{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":"data/*","s3:delimiter":"/"}}}""", "s3:ListBucket", "arn:aws:s3:::b", PolicyOutcome.ImplicitDeny },
    };

    [Theory]
    [MemberData(nameof(Identity))]
    public void An_identity_policy_decides(string statements, string action, string resource, PolicyOutcome outcome) =>
        Assert.Equal(outcome, Decide(Ann, action, resource, new PolicySet { Identity = [Policy("p", statements)] }).Outcome);

    [Fact]
    public void Without_any_policy_nothing_is_allowed_except_to_the_root()
    {
        Assert.Equal(PolicyOutcome.ImplicitDeny, Decide(Ann, "s3:GetObject", "arn:aws:s3:::b/k", new PolicySet()).Outcome);
        Assert.Equal(PolicyLayer.Root, Decide(Root, "s3:GetObject", "arn:aws:s3:::b/k", new PolicySet()).Layer);
        Assert.Equal(PolicyOutcome.ImplicitDeny, Decide(PolicyCaller.Anonymous, "s3:GetObject", "arn:aws:s3:::b/k", new PolicySet()).Outcome);
    }

    [Fact]
    public void The_decision_names_policy_and_statement()
    {
        NamedPolicy read = Policy("policy 'read'", """{"Effect":"Allow","Action":"s3:List*","Resource":"*"},{"Sid":"Objects","Effect":"Allow","Action":"s3:Get*","Resource":"*"}""");
        NamedPolicy guard = Policy("policy 'guard'", """{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/secret/*"}""");
        PolicySet set = new() { Identity = [read, guard] };

        PolicyDecision allowed = Decide(Ann, "s3:GetObject", "arn:aws:s3:::b/k", set);
        Assert.Equal(("policy 'read'", "statement 'Objects'", "s3:Get*"), (allowed.Policy, allowed.StatementName, allowed.Statement!.Action[0]));
        Assert.Equal("Allowed by statement 'Objects' of policy 'read': s3:GetObject on arn:aws:s3:::b/k.", allowed.Reason);

        PolicyDecision denied = Decide(Ann, "s3:GetObject", "arn:aws:s3:::b/secret/k", set);
        Assert.Equal("Denied by statement 1 of policy 'guard': s3:GetObject on arn:aws:s3:::b/secret/k.", denied.Reason);

        PolicyDecision nothing = Decide(Ann, "s3:PutObject", "arn:aws:s3:::b/k", set);
        Assert.Null(nothing.Statement);
        Assert.Equal("Not allowed: no statement of policy 'read', policy 'guard' allows it: s3:PutObject on arn:aws:s3:::b/k.", nothing.Reason);
    }

    /// <summary>Identity allows, boundary, session (A allows, D denies, - there but silent, empty: not there), outcome, layer.</summary>
    [Theory]
    [InlineData("A", "", "", PolicyOutcome.Allowed, PolicyLayer.Identity)]
    [InlineData("A", "", "A", PolicyOutcome.Allowed, PolicyLayer.Identity)]
    [InlineData("A", "", "-", PolicyOutcome.ImplicitDeny, PolicyLayer.Session)]
    [InlineData("A", "", "D", PolicyOutcome.ExplicitDeny, PolicyLayer.Session)]
    [InlineData("A", "A", "A", PolicyOutcome.Allowed, PolicyLayer.Identity)]
    [InlineData("A", "-", "A", PolicyOutcome.ImplicitDeny, PolicyLayer.Boundary)]
    [InlineData("A", "D", "A", PolicyOutcome.ExplicitDeny, PolicyLayer.Boundary)]
    [InlineData("-", "A", "A", PolicyOutcome.ImplicitDeny, PolicyLayer.Identity)]
    [InlineData("", "A", "A", PolicyOutcome.ImplicitDeny, PolicyLayer.Identity)]
    [InlineData("D", "A", "A", PolicyOutcome.ExplicitDeny, PolicyLayer.Identity)]
    public void Boundary_and_session_policies_only_limit(string identity, string boundary, string session, PolicyOutcome outcome, PolicyLayer layer)
    {
        PolicySet set = new() { Identity = Maybe(identity), Boundary = Maybe(boundary).FirstOrDefault(), Session = Maybe(session) };
        PolicyDecision decision = Decide(Viewer, "s3:GetObject", "arn:aws:s3:::b/k", set);
        Assert.Equal((outcome, layer), (decision.Outcome, decision.Layer));
    }

    /// <summary>Who the bucket policy names, then identity and session as above, whether the role session is allowed.</summary>
    [Theory]
    [InlineData("\"*\"", "", "-", true)]
    [InlineData("{\"AWS\":\"*\"}", "", "-", true)]
    [InlineData("{\"AWS\":\"arn:aws:sts::123456789012:assumed-role/viewer/s1\"}", "", "-", true)]
    [InlineData("{\"AWS\":\"arn:aws:sts::123456789012:assumed-role/viewer/s2\"}", "", "", false)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:role/viewer\"}", "", "", true)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:role/viewer\"}", "", "A", true)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:role/viewer\"}", "", "-", false)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:role/viewer\"}", "D", "A", false)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:root\"}", "", "", false)]
    [InlineData("{\"AWS\":\"123456789012\"}", "A", "", true)]
    [InlineData("{\"AWS\":\"arn:aws:iam::999999999999:role/viewer\"}", "", "", false)]
    [InlineData("{\"AWS\":[\"arn:aws:iam::123456789012:user/ann\",\"arn:aws:iam::123456789012:role/viewer\"]}", "", "", true)]
    [InlineData("{\"Service\":\"ec2.amazonaws.com\"}", "", "", false)]
    public void A_resource_policy_grants_as_its_principal_is_named(string principal, string identity, string session, bool allowed)
    {
        NamedPolicy bucket = Policy("bucket policy", $$"""{"Effect":"Allow","Principal":{{principal}},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""");
        PolicySet set = new() { Identity = Maybe(identity), Session = Maybe(session), Resource = bucket };
        Assert.Equal(allowed, Decide(Viewer, "s3:GetObject", "arn:aws:s3:::b/k", set).Allowed);
    }

    [Theory]
    [InlineData("\"Principal\":{\"AWS\":\"123456789012\"}", false)]
    [InlineData("\"Principal\":\"*\"", false)]
    [InlineData("\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:user/bob\"}", true)]
    [InlineData("\"NotPrincipal\":{\"AWS\":[\"arn:aws:iam::123456789012:user/ann\",\"123456789012\"]}", true)]
    [InlineData("\"NotPrincipal\":{\"AWS\":[\"arn:aws:iam::123456789012:user/bob\",\"123456789012\"]}", false)]
    public void A_resource_policy_denies_whom_it_names(string principal, bool allowed)
    {
        NamedPolicy bucket = Policy("bucket policy", $$"""{"Effect":"Deny",{{principal}},"Action":"s3:*","Resource":"*"}""");
        PolicySet set = new() { Identity = Maybe("A"), Resource = bucket };
        Assert.Equal(allowed, Decide(Ann, "s3:GetObject", "arn:aws:s3:::b/k", set).Allowed);
    }

    [Fact]
    public void Anybody_may_what_a_bucket_policy_allows_to_everyone()
    {
        NamedPolicy bucket = Policy("bucket policy", """{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/public/*"}""");
        PolicySet set = new() { Resource = bucket };
        Assert.True(Decide(PolicyCaller.Anonymous, "s3:GetObject", "arn:aws:s3:::b/public/k", set).Allowed);
        Assert.False(Decide(PolicyCaller.Anonymous, "s3:GetObject", "arn:aws:s3:::b/k", set).Allowed);
    }

    /// <summary>Trusted principal, whether ann's own policy allows sts:AssumeRole, whether ann may assume the role, whether root may.</summary>
    [Theory]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:root\"}", true, true, true)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:root\"}", false, false, true)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:user/ann\"}", false, true, false)]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:user/bob\"}", true, false, false)]
    [InlineData("{\"Service\":\"ec2.amazonaws.com\"}", true, false, false)]
    public void A_trust_policy_must_allow(string principal, bool own, bool annMay, bool rootMay)
    {
        NamedPolicy trust = Policy("trust policy", $$"""{"Effect":"Allow","Principal":{{principal}},"Action":"sts:AssumeRole"}""");
        PolicySet set = new() { Identity = Maybe(own ? "A" : ""), Resource = trust, ResourceMustAllow = true };
        Assert.Equal(annMay, Decide(Ann, "sts:AssumeRole", "arn:aws:iam::123456789012:role/r", set).Allowed);
        Assert.Equal(rootMay, Decide(Root, "sts:AssumeRole", "arn:aws:iam::123456789012:role/r", set).Allowed);
    }

    [Fact]
    public void A_long_pattern_of_stars_is_matched_in_reasonable_time()
    {
        string pattern = "arn:aws:s3:::b/" + string.Concat(Enumerable.Repeat("a*", 200)) + "b";
        NamedPolicy policy = Policy("p", $$"""{"Effect":"Allow","Action":"s3:*","Resource":"{{pattern}}"}""");
        PolicySet set = new() { Identity = [policy] };
        Assert.False(Decide(Ann, "s3:GetObject", "arn:aws:s3:::b/" + new string('a', 1000), set).Allowed);
    }

    [Fact]
    public void Wildcards_match_what_a_regular_expression_would()
    {
        Random random = new(20260101);
        string Text(string letters, int length) => string.Concat(Enumerable.Range(0, random.Next(length + 1)).Select(_ => letters[random.Next(letters.Length)]));
        for (int i = 0; i < 5000; i++)
        {
            string pattern = Text("ab*?", 8), text = Text("ab", 8);
            string regex = "^" + pattern.Replace("*", "[ab]*", StringComparison.Ordinal).Replace("?", "[ab]", StringComparison.Ordinal) + "$";
            Assert.True(
                Regex.IsMatch(text, regex) == PolicyPattern.IsMatch(PolicyPattern.Expand(pattern, null, wildcards: true), text),
                $"'{pattern}' on '{text}'");
        }
    }

    private static NamedPolicy[] Maybe(string what) => what switch
    {
        "" => [],
        "A" => [Policy("p", """{"Effect":"Allow","Action":"*","Resource":"*"}""")],
        "D" => [Policy("p", """{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}""")],
        _ => [Policy("p", """{"Effect":"Allow","Action":"ec2:*","Resource":"*"}""")],
    };

    private static NamedPolicy Policy(string name, string statements) =>
        new(name, PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}"""));

    private static PolicyDecision Decide(PolicyCaller caller, string action, string resource, PolicySet set)
    {
        PolicyContext context = new PolicyContext().Set("s3:prefix", "data/x").Set("aws:SecureTransport", "false");
        if (caller == Ann)
        {
            context.Set("aws:username", "ann");
        }

        return PolicyEvaluator.Evaluate(new PolicyRequest(action, resource, caller, context), set);
    }
}
