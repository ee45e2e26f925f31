using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Comparison;
using CloudLab.Core.Identity.Policies.Decisions;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

[Trait("Area", "Identity")]
public sealed class PolicySearchTests
{
    private const string Ann = "arn:aws:iam::123456789012:user/ann";

    /// <summary>Reference, new policy (statements), a request that only the new one allows (its action), or null where there is none.</summary>
    public static TheoryData<string, string, string?> Pairs => new()
    {
        { Allow("s3:GetObject", "arn:aws:s3:::b/*"), Allow("s3:GetObject", "arn:aws:s3:::b/*"), null },
        { Allow("s3:*", "*"), Allow("s3:GetObject", "arn:aws:s3:::b/*"), null },
        { Allow("s3:GetObject", "arn:aws:s3:::b/*"), Allow("s3:*", "arn:aws:s3:::b/*"), "s3:PutObject" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/data/*"), Allow("s3:GetObject", "arn:aws:s3:::b/*"), "s3:GetObject" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/data/*"), Allow("s3:GetObject", "arn:aws:s3:::b/data*"), "s3:GetObject" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/?"), Allow("s3:GetObject", "arn:aws:s3:::b/??"), "s3:GetObject" },
        { Allow("s3:Get*", "arn:aws:s3:::b/*"), Allow("s3:GetObject", "arn:aws:s3:::b/*") + "," + Allow("s3:GetObjectAcl", "arn:aws:s3:::b/*"), null },
        { Allow("*", "*") + ",{\"Effect\":\"Deny\",\"Action\":\"iam:*\",\"Resource\":\"*\"}", Allow("*", "*"), "iam:PassRole" },
        { Allow("*", "*"), "{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}", null },
        { "{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}", "{\"Effect\":\"Allow\",\"NotAction\":\"sts:*\",\"Resource\":\"*\"}", "iam:PassRole" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/*"), "{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"NotResource\":\"arn:aws:s3:::b/*\"}", "s3:GetObject" },
        { Allow("custom:Do*", "*"), Allow("custom:*", "*"), "custom:*" },
        { If("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}"), If("\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"203.0.113.7\"]}"), "s3:GetObject" },
        { If("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}"), If("\"IpAddress\":{\"aws:SourceIp\":\"10.1.0.0/16\"}"), null },
        { If("\"StringLike\":{\"aws:PrincipalTag/t\":\"a*\"}"), If("\"StringLikeIfExists\":{\"aws:PrincipalTag/t\":\"a*\"}"), "s3:GetObject" },
        { If("\"NumericLessThan\":{\"s3:max-keys\":\"10\"}"), If("\"NumericLessThanEquals\":{\"s3:max-keys\":\"10\"}"), "s3:GetObject" },
        { If("\"NumericLessThanEquals\":{\"s3:max-keys\":\"10\"}"), If("\"NumericLessThan\":{\"s3:max-keys\":\"10\"}"), null },
        { If("\"DateLessThan\":{\"aws:CurrentTime\":\"2026-01-01T00:00:00Z\"}"), If("\"DateLessThanEquals\":{\"aws:CurrentTime\":\"2026-01-01T00:00:00Z\"}"), "s3:GetObject" },
        { If("\"Bool\":{\"aws:SecureTransport\":\"true\"}"), Allow("s3:GetObject", "arn:aws:s3:::b/*"), "s3:GetObject" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/*"), If("\"Bool\":{\"aws:SecureTransport\":\"true\"}"), null },
        { If("\"Bool\":{\"aws:SecureTransport\":\"true\"},\"Null\":{\"aws:TokenIssueTime\":\"false\"}"), If("\"Bool\":{\"aws:SecureTransport\":\"true\"}"), "s3:GetObject" },
        { If("\"ForAnyValue:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}"), If("\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\",\"b\"]}"), "s3:GetObject" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"), Allow("s3:GetObject", "arn:aws:s3:::b/*"), "s3:GetObject" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/*"), Allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"), null },
        { Allow("s3:GetObject", "arn:aws:s3:::a/*"), Allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"), "s3:GetObject" },
        // Policies of resources.
        { To("arn:aws:iam::123456789012:role/viewer"), To("123456789012"), "s3:GetObject" },
        { To("*"), To("123456789012"), null },
        { To("123456789012"), To("*"), "s3:GetObject" },
        { To("123456789012"), To("123456789012") + "," + To("210987654321"), "s3:GetObject" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void What_is_new_is_found_and_what_is_not_is_not(string reference, string changed, string? action)
    {
        IReadOnlyList<NamedPolicy> before = [Policy(reference)], after = [Policy(changed)];
        PolicySearch search = new(after, before, "=>");
        LabPolicyDifference[] found = [.. search.Find(TestContext.Current.CancellationToken)];
        Assert.False(search.IsCut);
        if (action is null)
        {
            Assert.Empty(found.Select(one => one.ToString()));
            return;
        }

        Assert.Contains(found, one => action.EndsWith('*') ? one.Action.StartsWith(action[..^1], StringComparison.Ordinal) : one.Action == action);
        Assert.All(found, one => Verify(one, before, after));
        Assert.All(found, one => Assert.True(one is { SideIndicator: "=>", Difference: PolicyOutcome.Allowed } && one.Reference != PolicyOutcome.Allowed));
    }

    /// <summary>Random pairs: whatever random requests show as new, the search finds too; what it finds is always true.</summary>
    [Fact]
    public void The_search_finds_a_difference_wherever_random_requests_find_one()
    {
        PolicyGenerator generator = new(4711);
        int different = 0, cut = 0;
        for (int i = 0; i < 120; i++)
        {
            NamedPolicy[] before = [new NamedPolicy("old", PolicyGenerator.Read(generator.Policy()))], after = [new NamedPolicy("new", PolicyGenerator.Read(generator.Policy()))];
            PolicySearch search = new(after, before, "=>");
            LabPolicyDifference[] found = [.. search.Find(TestContext.Current.CancellationToken)];
            Assert.All(found, one => Verify(one, before, after));
            bool seen = false;
            for (int j = 0; j < 300 && !seen; j++)
            {
                (string action, string? key, string? prefix, int? maxKeys) = generator.Request();
                PolicyContext context = new PolicyContext().Set("aws:SourceIp", generator.OneOf<string>(["127.0.0.1", "203.0.113.9"])).Set("aws:SecureTransport", generator.OneOf<string>(["true", "false"])).Set("aws:CurrentTime", generator.OneOf<string>(["2026-11-28T12:00:00Z", "2031-01-01T00:00:00Z"]));
                if (prefix is not null)
                {
                    context.Set("s3:prefix", prefix);
                }

                if (maxKeys is not null)
                {
                    context.Set("s3:max-keys", $"{maxKeys}");
                }

                PolicyRequest request = new(action, generator.Arn(key), CallerText.Parse(Ann), context);
                seen = PolicyEvaluator.Evaluate(request, new PolicySet { Identity = after }).Allowed && !PolicyEvaluator.Evaluate(request, new PolicySet { Identity = before }).Allowed;
            }

            cut += search.IsCut ? 1 : 0;
            different += seen ? 1 : 0;
            Assert.True(!seen || found.Length > 0 || search.IsCut, $"Nothing found:\n{before[0].Document}\n{after[0].Document}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{different} of 120 pairs differ, {cut} were not searched to the end.");
        Assert.InRange(different, 30, 120);
        Assert.InRange(cut, 0, 30);
    }

    [Theory]
    [InlineData("*", "s3:DeleteBucket", null, true)]
    [InlineData("s3:Get*", "s3:DeleteBucket", null, false)]
    [InlineData("s3:*", "iam:*", null, false)]
    [InlineData("s3:GetObject", "s3:*", "arn:aws:s3:::b/secret/*", true)]
    [InlineData("s3:GetObject", "s3:*", "arn:aws:s3:::c/*", false)]
    public void A_grant_is_found_by_action_and_resource(string granted, string action, string? resource, bool found)
    {
        PolicySearch search = new([Policy(Allow(granted, granted == "s3:GetObject" ? "arn:aws:s3:::b/*" : "*"))], [], "=>") { OnlyAction = action, OnlyResource = resource };
        LabPolicyDifference[] examples = [.. search.Find(TestContext.Current.CancellationToken)];
        Assert.Equal(found, examples.Length > 0);
        Assert.All(examples, one => Assert.True(resource is null || one.Resource.StartsWith("arn:aws:s3:::b/secret/", StringComparison.Ordinal)));
    }

    private static void Verify(LabPolicyDifference found, IReadOnlyList<NamedPolicy> before, IReadOnlyList<NamedPolicy> after)
    {
        PolicyContext context = new();
        foreach ((string key, string value) in found.Context)
        {
            context.Set(key, value.Split(", "));
        }

        NamedPolicy everything = Policy(Allow("*", "*"));
        PolicyCaller caller = CallerText.Parse(found.Principal ?? Ann);
        bool Allowed(IReadOnlyList<NamedPolicy> policies) => PolicyEvaluator.Evaluate(
            new PolicyRequest(found.Action, found.Resource, caller, context),
            found.Principal is null ? new PolicySet { Identity = policies } : new PolicySet { Identity = [everything], Resource = policies[0], ResourceMustAllow = true }).Allowed;
        Assert.True(Allowed(after) && !Allowed(before), found.ToString());
    }

    private static string Allow(string action, string resource) => $$"""{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}"}""";

    private static string If(string condition) => "{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\",\"Condition\":{" + condition + "}}";

    private static string To(string principal) => $$"""{"Effect":"Allow","Principal":{"AWS":"{{principal}}" },"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""";

    private static NamedPolicy Policy(string statements) => new("p", PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}"""));
}
