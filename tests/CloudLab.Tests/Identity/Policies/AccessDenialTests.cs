using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Decisions;
using CloudLab.Core.Identity.Policies.Denials;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

[Trait("Area", "Identity")]
public sealed class AccessDenialTests
{
    private const string User = "arn:aws:iam::123456789012:user/ann";
    private const string Session = "arn:aws:sts::123456789012:assumed-role/viewer/s1";

    /// <summary>What stands behind the resource, the layer, whether a statement denies it, the policy's ARN.</summary>
    [Theory]
    [InlineData("because no identity-based policy allows the s3:GetObject action", PolicyLayer.Identity, false, null)]
    [InlineData("because no resource-based policy allows the s3:GetObject action", PolicyLayer.Resource, false, null)]
    [InlineData("because no permissions boundary allows the s3:GetObject action", PolicyLayer.Boundary, false, null)]
    [InlineData("because no session policy allows the s3:GetObject action", PolicyLayer.Session, false, null)]
    [InlineData("because no service control policy allows the s3:GetObject action", PolicyLayer.ServiceControl, false, null)]
    [InlineData("with an explicit deny in an identity-based policy", PolicyLayer.Identity, true, null)]
    [InlineData("with an explicit deny in a resource-based policy", PolicyLayer.Resource, true, null)]
    [InlineData("with an explicit deny in a permissions boundary", PolicyLayer.Boundary, true, null)]
    [InlineData("with an explicit deny in a service control policy", PolicyLayer.ServiceControl, true, null)]
    [InlineData("with an explicit deny in a resource control policy.", PolicyLayer.ResourceControl, true, null)]
    [InlineData("with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/guard.", PolicyLayer.Identity, true, "arn:aws:iam::123456789012:policy/guard")]
    [InlineData("with an explicit deny in a VPC endpoint policy", null, true, null)]
    public void A_message_is_read(string end, PolicyLayer? layer, bool isExplicit, string? policy)
    {
        AccessDenialText text = AccessDenialText.Parse($"Bucket 'movies': User: {User} is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::movies/a b.txt\" {end}".Replace("a b", "ab", StringComparison.Ordinal));
        Assert.Equal((User, "s3:GetObject", "arn:aws:s3:::movies/ab.txt"), (text.Principal, text.Action, text.Resource));
        Assert.Equal((layer, (bool?)isExplicit, policy), (text.KnownLayer(), text.IsExplicit, text.PolicyArn));
        LabAccessDenied explained = AuthorizationMessages.Explain(text, null);
        Assert.Equal(isExplicit ? PolicyOutcome.ExplicitDeny : PolicyOutcome.ImplicitDeny, explained.Decision);
        Assert.Equal(isExplicit, explained.Suggestion is null);
    }

    [Theory]
    [InlineData("User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/deploy", "sts:AssumeRole", "arn:aws:iam::210987654321:role/deploy")]
    [InlineData("User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::123456789012:user/ because no identity-based policy allows the iam:ListUsers action", "iam:ListUsers", "arn:aws:iam::123456789012:user/")]
    [InlineData("Access Denied", null, null)]
    public void What_a_message_does_not_say_is_not_made_up(string message, string? action, string? resource)
    {
        AccessDenialText text = AccessDenialText.Parse(message);
        Assert.Equal((action, resource), (text.Action, text.Resource));
        LabAccessDenied explained = AuthorizationMessages.Explain(text, null);
        Assert.Equal(action is null, explained.Suggestion is null);
        Assert.Contains(action ?? "-IncludePolicy", explained.Explanation, StringComparison.Ordinal);
    }

    /// <summary>Nothing that is suggested lets everybody in.</summary>
    [Theory]
    [InlineData("ec2.amazonaws.com", "ec2.amazonaws.com")]
    [InlineData("anonymous", null)]
    [InlineData("arn:aws:iam::123456789012:group/x", null)]
    [InlineData("somebody", null)]
    [InlineData(null, null)]
    public void A_resource_is_not_opened_to_everybody(string? principal, string? named)
    {
        LabAccessDenied explained = AuthorizationMessages.Explain(
            new AccessDenialText(principal, "s3:GetObject", "arn:aws:s3:::movies/a", "resource-based policy", false, null, null), null);
        Assert.Equal(named, explained.Suggestion?.Statement[0].Principal?.ToString());
        Assert.Equal(named is null, explained.SuggestionFor is null);
        Assert.Equal(named is null && principal != "anonymous", explained.Explanation.Contains("-Principal", StringComparison.Ordinal));
    }

    [Fact]
    public void A_role_is_named_with_its_path_where_it_is_known()
    {
        const string Role = "arn:aws:iam::123456789012:role/team/viewer";
        LabAccessDenied explained = AuthorizationMessages.Explain(
            new AccessDenialText(Session, "s3:GetObject", "arn:aws:s3:::movies/a", "resource-based policy", false, null, null), null, null, CallerText.Parse(Session) with { RoleArn = Role });
        Assert.Equal(Role, explained.Suggestion!.Statement[0].Principal!.ToString());
    }

    /// <summary>The suggested statement, put where it is said to belong, allows the request: layer for layer.</summary>
    [Theory]
    [InlineData("identity-based policy", "a policy of arn:aws:iam::123456789012:role/viewer")]
    [InlineData("resource-based policy", "the policy of arn:aws:s3:::movies/a")]
    [InlineData("permissions boundary", "the permissions boundary of arn:aws:iam::123456789012:role/viewer")]
    [InlineData("session policy", "the session policy, that is in the call that assumed the role")]
    [InlineData("service control policy", "the service control policies of the organization, at every level")]
    public void What_is_suggested_allows_it(string layer, string where)
    {
        NamedPolicy all = new("all", PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"""));
        NamedPolicy silent = new("silent", PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}"""));
        LabAccessDenied explained = AuthorizationMessages.Explain(
            AccessDenialText.Parse($"User: {Session} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::movies/a because no {layer} allows the s3:GetObject action"), null);
        Assert.Equal(where, explained.SuggestionFor);
        NamedPolicy suggested = new("suggested", explained.Suggestion!);
        PolicyDecision Decide(NamedPolicy own) => PolicyEvaluator.Evaluate(
            new PolicyRequest("s3:GetObject", "arn:aws:s3:::movies/a", CallerText.Parse(Session), new PolicyContext()) { ResourceAccount = layer.StartsWith("res", StringComparison.Ordinal) ? "210987654321" : null },
            layer switch
            {
                "identity-based policy" => new PolicySet { Identity = [own] },
                "resource-based policy" => new PolicySet { Identity = [all], Resource = own },
                "permissions boundary" => new PolicySet { Identity = [all], Boundary = own },
                "session policy" => new PolicySet { Identity = [all], Session = [own] },
                _ => new PolicySet { Identity = [all], ServiceControl = [[own]] },
            });
        Assert.False(Decide(silent).Allowed);
        Assert.True(Decide(suggested).Allowed);
    }
}
