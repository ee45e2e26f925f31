using CloudLab.Core.Common.Errors;
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
        // Addresses: a wider range that begins at the same one, and exceptions.
        { If("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/24\"}"), If("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/23\"}"), "s3:GetObject" },
        { If("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/23\"}"), If("\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/24\",\"10.0.1.0/24\"]}"), null },
        { If("\"IpAddress\":{\"aws:SourceIp\":\"2001:db8::/64\"}"), If("\"IpAddress\":{\"aws:SourceIp\":\"2001:db8::/63\"}"), "s3:GetObject" },
        { If("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}"), If("\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"::/0\"]}"), "s3:GetObject" },
        { All + DenyIf("\"NotIpAddress\":{\"aws:SourceIp\":\"10.0.0.0/24\"}"), All + DenyIf("\"NotIpAddress\":{\"aws:SourceIp\":\"10.0.0.0/23\"}"), "s3:GetObject" },
        { All + DenyIf("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/23\"}"), All + DenyIf("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/24\"}"), "s3:GetObject" },
        { All + DenyIf("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/24\"}"), All + DenyIf("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/23\"}"), null },
        // Texts: the empty one, the other case, other operators.
        { If("\"StringEquals\":{\"s3:prefix\":[\"a/\"]}"), If("\"StringEquals\":{\"s3:prefix\":[\"a/\",\"\"]}"), "s3:GetObject" },
        { If("\"StringLike\":{\"s3:prefix\":[\"a/*\"]}"), If("\"StringLike\":{\"s3:prefix\":[\"a/*\",\"\"]}"), "s3:GetObject" },
        { If("\"StringLike\":{\"s3:prefix\":\"?*\"}"), If("\"StringLike\":{\"s3:prefix\":\"*\"}"), "s3:GetObject" },
        { If("\"StringEquals\":{\"s3:prefix\":\"a\"}"), If("\"StringEqualsIgnoreCase\":{\"s3:prefix\":\"a\"}"), "s3:GetObject" },
        { If("\"StringEqualsIgnoreCase\":{\"s3:prefix\":\"a\"}"), If("\"StringEquals\":{\"s3:prefix\":\"A\"}"), null },
        { All + DenyIf("\"StringEqualsIgnoreCase\":{\"s3:prefix\":\"sec\"}"), All + DenyIf("\"StringEquals\":{\"s3:prefix\":\"sec\"}"), "s3:GetObject" },
        { If("\"StringEquals\":{\"s3:prefix\":\"a*\"}"), If("\"StringLike\":{\"s3:prefix\":\"a*\"}"), "s3:GetObject" },
        { If("\"StringEquals\":{\"aws:PrincipalTag/t\":\"a\"}"), If("\"StringEqualsIfExists\":{\"aws:PrincipalTag/t\":\"a\"}"), "s3:GetObject" },
        { If("\"ForAnyValue:StringEquals\":{\"aws:TagKeys\":\"a\"}"), If("\"ForAnyValue:StringLike\":{\"aws:TagKeys\":\"a*\"}"), "s3:GetObject" },
        { If("\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\"]},\"Null\":{\"aws:TagKeys\":\"false\"}"), If("\"ForAnyValue:StringEquals\":{\"aws:TagKeys\":[\"a\"]}"), "s3:GetObject" },
        { If("\"ForAnyValue:StringEquals\":{\"aws:TagKeys\":[\"a\"]}"), If("\"ForAllValues:StringEquals\":{\"aws:TagKeys\":[\"a\"]},\"Null\":{\"aws:TagKeys\":\"false\"}"), null },
        { If("\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:sns:*:1:t\"}"), If("\"StringLike\":{\"aws:SourceArn\":\"arn:aws:sns:*:1:t\"}"), "s3:GetObject" },
        { If("\"NumericLessThan\":{\"s3:max-keys\":\"10\"}"), If("\"NumericLessThan\":{\"s3:max-keys\":\"10.5\"}"), "s3:GetObject" },
        { All + DenyIf("\"NumericGreaterThan\":{\"s3:max-keys\":\"10\"}"), All + DenyIf("\"NumericGreaterThan\":{\"s3:max-keys\":\"100\"}"), "s3:GetObject" },
        { If("\"NumericLessThan\":{\"aws:RequestTag/n\":\"10\"}"), All + DenyIf("\"NumericGreaterThanEquals\":{\"aws:RequestTag/n\":\"10\"}"), "s3:GetObject" },
        // Actions and resources: every real one, those of others, what variables stand for.
        { Allow("ec2:TerminateInstances", "*"), Allow("ec2:*Instances", "*"), "ec2:StopInstances" },
        { Allow("*", "*") + Deny("backup:DeleteBackupVault", "*"), Allow("*", "*"), "backup:DeleteBackupVault" },
        { Allow("*", "*") + Deny("*:Delete*", "*"), Allow("*", "*") + Deny("s3:Delete*", "*"), "dynamodb:*" },
        { Allow("s3:GetNewThing", "*"), Allow("s3:GetNewThing*", "*"), "s3:GetNewThing*" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"), Allow("s3:GetObject", "arn:aws:s3:::b/example/*"), "s3:GetObject" },
        { Allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*") + Deny("s3:*", "arn:aws:s3:::b/secret/*"), Allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"), "s3:GetObject" },
        { Allow("s3:ListBucket", "arn:aws:s3:::b"), Allow("s3:ListBucket", "arn:aws:s3:::b") + "," + Allow("s3:ListBucket", "arn:aws:s3:eu-west-1:123456789012:accesspoint/a"), "s3:ListBucket" },
        // Policies of resources.
        { ToKind("CanonicalUser", Canonical), ToKind("CanonicalUser", Canonical) + "," + ToKind("CanonicalUser", Canonical.Replace('7', '8')), "s3:GetObject" },
        { To("123456789012"), To("123456789012") + "," + ToKind("CanonicalUser", Canonical), "s3:GetObject" },
        { To("*") + NotTo("arn:aws:iam::123456789012:user/ann", "123456789012"), To("*") + NotTo("arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/bob", "123456789012"), "s3:GetObject" },
        { To("*") + NotTo("arn:aws:iam::123456789012:user/ann"), To("*") + NotTo("arn:aws:iam::123456789012:user/ann", "123456789012"), "s3:GetObject" },
        { To("*") + NotTo("arn:aws:iam::123456789012:role/p/r", "123456789012"), To("*") + NotTo("arn:aws:iam::123456789012:role/p/r", "arn:aws:sts::123456789012:assumed-role/r/s", "123456789012"), "s3:GetObject" },
        { To("*") + NotTo("arn:aws:iam::123456789012:user/ann", "123456789012"), To("*") + NotTo("123456789012"), null },
        { ToAllIf("\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::123456789012:role/a*\"}"), ToAllIf("\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/a*\"}"), "s3:GetObject" },
        { ToAllIf("\"StringEquals\":{\"aws:PrincipalAccount\":\"123456789012\"}"), ToAllIf("\"StringEquals\":{\"aws:PrincipalAccount\":[\"123456789012\",\"210987654321\"]}"), "s3:GetObject" },
        { To("arn:aws:iam::123456789012:role/viewer"), To("123456789012"), "s3:GetObject" },
        { To("*"), To("123456789012"), null },
        { To("123456789012"), To("*"), "s3:GetObject" },
        { To("123456789012"), To("123456789012") + "," + To("210987654321"), "s3:GetObject" },
        // What an identity's policy names in other accounts is new access, too; ARNs that are not whole; the listing of buckets.
        { All, All + "," + Allow("sts:AssumeRole", "arn:aws:iam::999999999999:role/deploy"), "sts:AssumeRole" },
        { All, All + "," + Allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:999999999999:q"), "sqs:SendMessage" },
        { All, All + "," + Allow("sqs:SendMessage", "arn:aws:sqs"), "sqs:SendMessage" },
        { Allow("sqs:SendMessage", "arn:aws:sqs"), Allow("sqs:SendMessage", "arn:aws:sqs:*:*:q"), null },
        { Allow("sqs:*", "*") + ",{\"Effect\":\"Deny\",\"Action\":\"sqs:*\",\"Resource\":\"arn:aws:sqs:eu-west-1\"}", Allow("sqs:*", "*"), "sqs:SendMessage" },
        { All, All + "," + Allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"), "s3:ListAllMyBuckets" },
        { Allow("s3:ListAllMyBuckets", "*"), Allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"), null },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void What_is_new_is_found_and_what_is_not_is_not(string reference, string changed, string? action)
    {
        IReadOnlyList<NamedPolicy> before = [Policy(reference)], after = [Policy(changed)];
        PolicySearch search = new(after, before, "=>");
        LabPolicyDifference[] found = [.. search.Find(TestContext.Current.CancellationToken)];
        Assert.Empty(search.Undecided);
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

            cut += search.Undecided.Count > 0 ? 1 : 0;
            different += seen ? 1 : 0;
            Assert.True(!seen || found.Length > 0 || search.Undecided.Count > 0, $"Nothing found:\n{before[0].Document}\n{after[0].Document}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{different} of 120 pairs differ, {cut} were not searched to the end.");
        Assert.InRange(different, 30, 120);
        Assert.Equal(0, cut);
    }

    /// <summary>
    /// Small policies of few words, and every request that these words can make: wherever one of them is newly allowed, the search has found a difference or said that it
    /// could not decide. The words are such that ranges, cases, empty texts, lists and variables matter.
    /// </summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(true, 3)]
    public void A_gate_never_passes_what_brute_force_finds_to_be_new(bool ofResource, int seed)
    {
        Random random = new(seed);
        string OneOf(params string[] choices) => choices[random.Next(choices.Length)];
        string List(int most, params string[] choices) => "[" + string.Join(",", Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => $"\"{OneOf(choices)}\"").Distinct()) + "]";
        string Condition() => random.Next(7) switch
        {
            0 => $$"""{"{{OneOf("IpAddress", "NotIpAddress")}}":{"aws:SourceIp":{{List(2, "10.0.0.0/24", "10.0.0.0/23", "10.0.1.0/24", "0.0.0.0/0", "::/0", "2001:db8::/64")}} } }""",
            1 => $$"""{"{{OneOf("StringEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIfExists")}}":{"s3:prefix":{{List(2, "a", "A", "", "a*", "b")}} } }""",
            2 => $$"""{"{{OneOf("NumericLessThan", "NumericLessThanEquals", "NumericEquals", "NumericNotEquals", "NumericGreaterThan")}}":{"s3:max-keys":{{List(2, "1", "2", "3")}} } }""",
            3 => $$"""{"{{OneOf("ForAnyValue:StringEquals", "ForAllValues:StringEquals", "ForAllValues:StringNotEquals", "ForAnyValue:StringLike", "Null")}}":{"aws:TagKeys":"true"} }""".Replace("\"true\"", OneOf("\"true\"", "\"a\"", "[\"a\",\"b\"]"), StringComparison.Ordinal),
            4 => $$"""{"StringEquals":{"s3:prefix":"${aws:PrincipalTag/t}"} }""",
            _ => "{}",
        };
        string Statement()
        {
            string effect = OneOf("Allow", "Allow", "Deny");
            string principal = !ofResource ? "" : $$""" "{{(effect == "Deny" ? OneOf("Principal", "NotPrincipal") : "Principal")}}":{"AWS":{{List(3, "123456789012", "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:role/r", "arn:aws:sts::123456789012:assumed-role/r/s", "210987654321", "*")}} },""";
            string condition = Condition();
            if (condition.Contains("Null", StringComparison.Ordinal))
            {
                condition = """{"Null":{"aws:TagKeys":"false"} }""";
            }

            return $$"""{"Effect":"{{effect}}",{{principal}}"{{OneOf("Action", "Action", "Action", "NotAction")}}":{{List(2, "s3:GetObject", "s3:Get*", "s3:PutObject", "s3:*")}},"{{OneOf("Resource", "Resource", "Resource", "NotResource")}}":{{List(2, "arn:aws:s3:::b/*", "arn:aws:s3:::b/a", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/?", "arn:aws:s3:::b/${aws:PrincipalTag/t}")}},"Condition":{{condition}} }""";
        }

        PolicyCaller[] callers = [.. ((string[])["arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:user/eve", "arn:aws:iam::123456789012:role/r", "arn:aws:sts::123456789012:assumed-role/r/s", "123456789012", "210987654321", "arn:aws:iam::333333333333:user/x", "anonymous"]).Select(CallerText.Parse)];
        NamedPolicy everything = Policy(Allow("*", "*"));
        int different = 0;
        for (int i = 0; i < 300; i++)
        {
            string shared = random.Next(2) == 0 ? Statement() + "," : "";
            NamedPolicy before = Policy(shared + Statement()), after = Policy(shared + Statement() + (random.Next(2) == 0 ? "," + Statement() : ""));
            PolicySet Set(NamedPolicy policy) => ofResource ? new PolicySet { Identity = [everything], Resource = policy, ResourceMustAllow = true } : new PolicySet { Identity = [policy] };
            PolicySet old = Set(before), now = Set(after);
            PolicyRequest? first = null;
            for (int j = 0; j < 4000 && first is null; j++)
            {
                PolicyContext context = new();
                void Put(string key, params string[][] choices)
                {
                    int choice = random.Next(choices.Length + 1);
                    if (choice < choices.Length)
                    {
                        context.Set(key, choices[choice]);
                    }
                }

                Put("aws:SourceIp", ["10.0.0.0"], ["10.0.0.255"], ["10.0.1.0"], ["10.0.1.255"], ["10.0.2.0"], ["9.255.255.255"], ["2001:db8::1"], ["2001:db8:0:1::"]);
                Put("s3:prefix", ["a"], ["A"], [""], ["ab"], ["a*"], ["b"], ["B"], ["c"]);
                Put("s3:max-keys", ["0"], ["1"], ["2"], ["3"], ["4"]);
                Put("aws:TagKeys", ["a"], ["b"], ["c"], ["a", "b"], ["a", "c"], ["a", "b", "c"], ["true"], ["true", "c"]);
                Put("aws:PrincipalTag/t", ["a"], ["b"], ["A"], ["zz"], [""]);
                PolicyRequest request = new(
                    OneOf("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging"), "arn:aws:s3:::b/" + OneOf("a", "b", "A", "ab", "zz", "abc"),
                    ofResource ? callers[random.Next(callers.Length)] : CallerText.Parse(Ann), context);
                first = PolicyEvaluator.Evaluate(request, now).Allowed && !PolicyEvaluator.Evaluate(request, old).Allowed ? request : null;
            }

            PolicySearch search = new([after], [before], "=>");
            LabPolicyDifference[] found = [.. search.Find(TestContext.Current.CancellationToken)];
            Assert.All(found, one => Verify(one, [before], [after]));
            Assert.Empty(search.Undecided);
            different += first is null ? 0 : 1;
            Assert.True(first is null || found.Length > 0, $"{first} is new, and nothing was found:\n{before.Document}\n{after.Document}\n{first?.Action} {first?.Resource} {first?.Caller.Arn} {string.Join(" ", first?.Context.Entries.Select(pair => pair.Key + "=" + string.Join("|", pair.Value)) ?? [])}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{different} of 300 pairs differ.");
        Assert.InRange(different, 60, 290);
    }

    [Fact]
    public void What_is_too_much_to_try_is_said()
    {
        string many = string.Join(",", Enumerable.Range(0, 40).Select(i => $"\"StringLike\":{{\"aws:PrincipalTag/t\":\"*a{i}*b{i}*\"}}").Select(condition => If(condition)));
        PolicySearch search = new([Policy(many)], [Policy(If("\"StringEquals\":{\"aws:PrincipalTag/t\":\"x\"}"))], "=>");
        _ = search.Find(TestContext.Current.CancellationToken).ToList();
        Assert.Contains("aws:PrincipalTag/t", string.Join(";", search.Undecided), StringComparison.Ordinal);

        // A variable among so many wildcards that matching it takes too long.
        string stars = string.Concat(Enumerable.Repeat("*a", 24)), letters = new('a', 96);
        search = new([Policy(Allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}" + stars + "*b") + Deny("s3:GetObject", "arn:aws:s3:::b/" + letters))], [Policy(Allow("s3:GetObject", "arn:aws:s3:::c/d"))], "=>");
        _ = search.Find(TestContext.Current.CancellationToken).ToList();
        Assert.Contains("too many wildcards beside its policy variables", string.Join(";", search.Undecided), StringComparison.Ordinal);

        // Several policies of a resource, of which one has its variables as plain text.
        NamedPolicy old = new("old", PolicyDocument.Parse($$"""{"Version":"2008-10-17","Statement":[{{To("123456789012")}}]}"""));
        string own = $$"""{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::c/${aws:username}"}""";
        search = new([old, Policy(own)], [old], "=>");
        _ = search.Find(TestContext.Current.CancellationToken).ToList();
        Assert.Contains("different versions", string.Join(";", search.Undecided), StringComparison.Ordinal);

        // One key, compared as a number and as a text.
        search = new([Policy(All + DenyIf("\"StringLike\":{\"aws:RequestTag/n\":\"*\"}"))], [Policy(All + DenyIf("\"NumericLessThan\":{\"aws:RequestTag/n\":\"10\"}"))], "=>");
        Assert.Empty(search.Find(TestContext.Current.CancellationToken));
        Assert.Contains("aws:RequestTag/n is compared in several ways", string.Join(";", search.Undecided), StringComparison.Ordinal);
    }

    [Fact]
    public void Large_policies_with_a_small_change_are_decided()
    {
        string Large(string last) => string.Join(",", Enumerable.Range(0, 60).Select(i => $$"""{"Effect":"Allow","Action":["s3:Get*","ec2:Describe*","dynamodb:*Item"],"Resource":["arn:aws:s3:::bucket{{i}}/*","arn:aws:dynamodb:*:123456789012:table/t{{i}}*"],"Condition":{"StringEquals":{"aws:PrincipalTag/team":"t{{i}}"},"IpAddress":{"aws:SourceIp":"10.{{i}}.0.0/16"} } }""")) + "," + Allow("s3:PutObject", last);
        PolicySearch same = new([Policy(Large("arn:aws:s3:::b/*"))], [Policy(Large("arn:aws:s3:::b/*"))], "=>"), wider = new([Policy(Large("arn:aws:s3:::b*"))], [Policy(Large("arn:aws:s3:::b/*"))], "=>");
        Assert.Empty(same.Find(TestContext.Current.CancellationToken));
        Assert.NotEmpty(wider.Find(TestContext.Current.CancellationToken));
        Assert.Empty(same.Undecided.Concat(wider.Undecided));
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

    [Theory]
    [InlineData("s3:HeadObject", "s3:GetObject", null)]
    [InlineData("s3:DeleteBucket", "s3:DeleteBucket", null)]
    [InlineData("*", "*:*", null)]
    [InlineData("s3:*@s3://secret", "s3:*", "arn:aws:s3:::secret")]
    [InlineData("s3:GetObject@arn:aws:s3:::secret*", "s3:GetObject", "arn:aws:s3:::secret*")]
    [InlineData("custom:Do", "custom:Do", null)]
    [InlineData("custom:Do@*secret*", "custom:Do", "*secret*")]
    public void What_must_not_be_granted_is_read(string text, string action, string? resource) =>
        Assert.Equal(new ForbiddenGrant(action, resource), ForbiddenGrant.Parse(text, [Policy(All)]));

    [Theory]
    [InlineData("ecc2:*", true)]
    [InlineData("ec2:*", false)]
    [InlineData("custom:Do", false)]
    [InlineData("*", false)]
    public void A_service_that_nobody_knows_is_told(string text, bool unknown)
    {
        IReadOnlyList<NamedPolicy> policies = [Policy(Allow("custom:Other", "*"))];
        Assert.Equal(unknown, ForbiddenGrant.Parse(text, policies).IsOfUnknownService(policies));
    }

    /// <summary>A gate that names what cannot exist would pass for every policy.</summary>
    [Theory]
    [InlineData("s3:DeleteBuckett", "ActionUnknown", "s3:DeleteBucket")]
    [InlineData("s3:Delte*", "ActionUnknown", "no action of Amazon S3 matches")]
    [InlineData("s3:CopyObject", "ActionInvalid", "s3:GetObject")]
    [InlineData("s3", "ActionInvalid", "service:Name")]
    [InlineData("s3:GetObject@secret", "ResourceInvalid", "write an ARN")]
    [InlineData("sqs:SendMessage@arn:aws:sqs", "ResourceInvalid", "write an ARN")]
    [InlineData("s3:GetObject@arn:aws:s3:::secret", "ResourceInvalid", "s3:GetObject@arn:aws:s3:::secret/*")]
    [InlineData("s3:ListBucket@arn:aws:s3:::secret/*", "ResourceInvalid", "s3:ListBucket@arn:aws:s3:::secret.")]
    public void What_must_not_be_granted_has_to_exist(string text, string code, string says)
    {
        LabException error = Assert.Throws<LabException>(() => ForbiddenGrant.Parse(text, [Policy(All)]));
        Assert.Equal(code, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static void Verify(LabPolicyDifference found, IReadOnlyList<NamedPolicy> before, IReadOnlyList<NamedPolicy> after)
    {
        PolicyContext context = new();
        foreach ((string key, string value) in found.Context)
        {
            context.Set(key, value.Split(", "));
        }

        NamedPolicy everything = Policy(Allow("*", "*"));
        // A session is of the role of that name that the policies name.
        PolicyCaller caller = CallerText.Parse(found.Principal ?? Ann);
        string path = string.Join(" ", after.Concat(before).Select(policy => policy.Document.ToJson())).Contains("role/p/r", StringComparison.Ordinal) ? "p/" : "";
        caller = caller.RoleArn is null ? caller : caller with { RoleArn = caller.RoleArn.Replace(":role/r", ":role/" + path + "r", StringComparison.Ordinal) };
        bool Allowed(IReadOnlyList<NamedPolicy> policies) => PolicyEvaluator.Evaluate(
            new PolicyRequest(found.Action, found.Resource, caller, context) { ResourceAccount = found.Principal is null ? caller.Account : null },
            found.Principal is null ? new PolicySet { Identity = policies } : new PolicySet { Identity = [everything], Resource = policies[0], ResourceMustAllow = true }).Allowed;
        Assert.True(Allowed(after) && !Allowed(before), found.ToString());
    }

    private const string Canonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

    private const string All = """{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}""";

    private static string DenyIf(string condition) => ",{\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{" + condition + "}}";

    private static string Deny(string action, string resource) => $$""",{"Effect":"Deny","Action":"{{action}}","Resource":"{{resource}}"}""";

    private static string ToKind(string kind, string principal) => $$"""{"Effect":"Allow","Principal":{"{{kind}}":"{{principal}}" },"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""";

    private static string NotTo(params string[] principals) =>
        $$""",{"Effect":"Deny","NotPrincipal":{"AWS":["{{string.Join("\",\"", principals)}}"] },"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""";

    private static string ToAllIf(string condition) => "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\",\"Condition\":{" + condition + "}}";

    private static string Allow(string action, string resource) => $$"""{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}"}""";

    private static string If(string condition) => "{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\",\"Condition\":{" + condition + "}}";

    private static string To(string principal) => $$"""{"Effect":"Allow","Principal":{"AWS":"{{principal}}" },"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""";

    private static NamedPolicy Policy(string statements) => new("p", PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}"""));
}
