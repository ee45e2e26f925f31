using System.IO.Compression;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Review;
using CloudLab.Tests.Common;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Identity.Review;

/// <summary>The review of a deliberately bad account, and of single documents.</summary>
[Trait("Area", "Identity")]
public sealed class PolicyReviewTests : IDisposable
{
    private static readonly string Bad = Path.Combine(Repository.Folder, "tests", "CloudLab.Tests", "Identity", "Review", "bad-account.json");

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-review-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>What has to be found: principal, rule, severity, words of the reason.</summary>
    [Theory]
    [InlineData("user/ann", "AdministratorAccess", FindingSeverity.Critical, "every action")]
    [InlineData("user/bob", "PassRoleAny", FindingSeverity.High, "every role")]
    [InlineData("user/bob", "PrivilegeEscalation", FindingSeverity.High, "iam:PassRole + ec2:RunInstances")]
    [InlineData("user/dora", "UnknownAction", FindingSeverity.Medium, "s3:HeadObject does not exist")]
    [InlineData("user/dora", "UnknownAction", FindingSeverity.Medium, "Did you mean s3:GetObject?")]
    [InlineData("user/dora", "ResourceMismatch", FindingSeverity.Medium, "s3:GetObject never applies to arn:aws:s3:::movies")]
    [InlineData("user/dora", "ConditionNeverTrue", FindingSeverity.High, "never denies")]
    [InlineData("role/ci", "FederatedTrustOpen", FindingSeverity.High, "sub claim is not checked")]
    [InlineData("role/partner", "CrossAccountTrustOpen", FindingSeverity.Medium, "210987654321")]
    [InlineData("role/public", "PublicPrincipal", FindingSeverity.Critical, "everybody")]
    [InlineData("role/public", "DataExposure", FindingSeverity.Medium, "every object")]
    [InlineData("role/deleted", "DeletedPrincipal", FindingSeverity.Low, "AROAJQABLZS4A3QDU576Q")]
    [InlineData("role/notifier", "ServiceTrustOpen", FindingSeverity.Low, "s3.amazonaws.com")]
    [InlineData("role/tagger", "ForAllValuesAlone", FindingSeverity.Medium, "aws:TagKeys")]
    [InlineData("role/tagger", "PolicyVariableLiteral", FindingSeverity.Medium, "plain text")]
    public async Task The_bad_account_is_found_out(string principal, string id, FindingSeverity severity, string words)
    {
        LabPolicyFinding[] found = [.. (await ReviewAsync()).Where(finding => finding.Principal.EndsWith(":" + principal, StringComparison.Ordinal) && finding.Id == id)];
        Assert.True(Array.Exists(found, finding => finding.Severity == severity && finding.Why.Contains(words, StringComparison.Ordinal)), string.Join("\n", found.Select(finding => finding.ToString())));
    }

    /// <summary>What is as it should be, or better than it looks.</summary>
    [Theory]
    [InlineData("user/carl")]
    [InlineData("role/ci-good")]
    [InlineData("role/partner-good")]
    [InlineData("role/web")]
    [InlineData("role/stage1")]
    [InlineData("role/stage2")]
    public async Task What_is_right_raises_no_alarm(string principal) =>
        Assert.Empty((await ReviewAsync()).Where(finding => finding.Principal.EndsWith(":" + principal, StringComparison.Ordinal)).Select(finding => finding.ToString()));

    [Fact]
    public async Task A_boundary_takes_the_way_up_away()
    {
        string[] ids = [.. (await ReviewAsync()).Where(finding => finding.Principal.EndsWith("user/erik", StringComparison.Ordinal)).Select(finding => finding.Id)];
        Assert.DoesNotContain("PrivilegeEscalation", ids);
        Assert.Contains("DataExposure", ids);
    }

    /// <summary>Every resource of one kind in one account is not every resource.</summary>
    [Theory]
    [InlineData("*", "on every resource.")]
    [InlineData("arn:aws:*:*:*:*", "on every resource.")]
    [InlineData("arn:aws:cloudtrail:us-east-1:123456789012:trail/*", "on arn:aws:cloudtrail:us-east-1:123456789012:trail/*.")]
    public void A_finding_says_how_far_an_action_reaches(string resource, string where) => Assert.EndsWith(
        where,
        PolicyReview.Review(Document($$"""{"Effect":"Allow","Action":"cloudtrail:StopLogging","Resource":"{{resource}}"}"""), "document").Single(finding => finding.Id == "WildcardResource").Why);

    /// <summary>Who can do something, with the policy of the resource, and where a policy could not be read.</summary>
    [Fact]
    public void The_policy_of_the_resource_lets_in_whom_it_names()
    {
        AccountSnapshot account = new([User("ann", null), User("bob", """{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}""", unreadable: "odd")]);
        NamedPolicy bucket = Named("bucket", """
            {"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/public/*"},
            {"Effect":"Allow","Principal":{"AWS":["210987654321","arn:aws:iam::123456789012:user/ann"],"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/shared/*"},
            {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/closed/*"},
            {"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"} } }
            """);
        string[] Who(string action, string key) => [.. PrincipalAccess.Find(account, action, "arn:aws:s3:::b/" + key, null, bucket).Select(found => $"{found.Kind} {found.Principal.Split('/')[^1]}{(found.Conditional ? "?" : "")}{(found.Unreadable.Count > 0 ? "!" : "")}")];
        Assert.Equal(["User ann", "User bob!", "Everyone *"], Who("s3:GetObject", "public/a"));
        Assert.Equal(["User ann", "User bob!", "CanonicalUser 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", "Account 210987654321"], Who("s3:GetObject", "shared/a"));
        Assert.Equal(["User bob!"], Who("s3:GetObject", "other"));
        Assert.Empty(Who("s3:GetObject", "closed/a"));
        Assert.Equal(["User ann?", "User bob?!", "Everyone *?"], Who("s3:PutObject", "a"));
    }

    [Theory]
    [InlineData("\"*\"", "User ann, User bob, Everyone *")]
    [InlineData("{\"AWS\":\"123456789012\"}", "User bob")]
    [InlineData("{\"AWS\":\"arn:aws:iam::123456789012:user/ann\"}", "User ann")]
    [InlineData("{\"AWS\":\"210987654321\"}", "Account 210987654321")]
    [InlineData("{\"Service\":\"ec2.amazonaws.com\"}", "Service ec2.amazonaws.com")]
    public void To_assume_a_role_its_trust_policy_must_agree(string trusted, string who)
    {
        AccountPrincipal role = new() { Kind = AccountPrincipalKind.Role, Name = "r", Arn = "arn:aws:iam::123456789012:role/p/r", Trust = Named("trust", $$"""{"Effect":"Allow","Principal":{{trusted}},"Action":"sts:AssumeRole"}""") };
        AccountSnapshot account = new([User("ann", null), User("bob", """{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"""), role]);
        Assert.Equal(who, string.Join(", ", PrincipalAccess.Find(account, "sts:AssumeRole", role.Arn).Select(found => $"{found.Kind} {found.Principal.Split('/')[^1]}")));
    }

    private static AccountPrincipal User(string name, string? statement, string? unreadable = null) => new()
    {
        Kind = AccountPrincipalKind.User, Name = name, Arn = $"arn:aws:iam::123456789012:user/{name}",
        Policies = statement is null ? [] : [Named(name, statement)],
        Unreadable = unreadable is null ? [] : [(unreadable, "it is odd")],
    };

    private static NamedPolicy Named(string name, string statements) => new(name, PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}"""));

    [Fact]
    public async Task Ways_to_a_role_are_found_through_other_roles()
    {
        AccountSnapshot account = await AccountFile.ReadAsync([Bad], Cancellation);
        LabPrincipalAccess[] access = [.. PrincipalAccess.Find(account, "s3:DeleteObject", "arn:aws:s3:::movies/data/a")];
        LabPrincipalAccess fay = access.Single(found => found.Principal.EndsWith("user/fay", StringComparison.Ordinal));
        Assert.Equal(["stage1", "stage2"], fay.Via);
        Assert.Empty(access.Single(found => found.Principal.EndsWith("role/stage2", StringComparison.Ordinal)).Via);
        Assert.Empty(access.Single(found => found.Principal.EndsWith("user/ann", StringComparison.Ordinal)).Via);
        Assert.DoesNotContain(access, found => found.Principal.EndsWith("user/dora", StringComparison.Ordinal));
        Assert.Contains(PrincipalAccess.Find(account, "s3:PutObject", "arn:aws:s3:::site/index.html"), found => found.Kind == "Federated" && found.Conditional && found.Via.SequenceEqual(["ci"]));
    }

    [Theory]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"StringLike":{"aws:PrincipalOrgID":"o-*"}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-*/r-ab12/*"}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-*"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/ci"}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}}""", "")]
    [InlineData("""{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::movies/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}""", "")]
    [InlineData("""{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"}""", "NotPrincipalAllowed")]
    [InlineData("""{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}""", "NotActionAllowed")]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"*"}""", "WildcardService")]
    [InlineData("""{"Effect":"Allow","Action":["iam:PassRole","lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}""", "PrivilegeEscalation")]
    [InlineData("""{"Effect":"Allow","Action":"iam:CreatePolicyVersion","Resource":"*"}""", "PrivilegeEscalation")]
    [InlineData("""{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/web","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::movies/*","Condition":{"StringNotEquals":{"s3:prefix":"secret"}}}""", "ConditionAlwaysTrue")]
    [InlineData("""{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/films","Condition":{"ForAllValues:StringEquals":{"dynamodb:Attributes":["title"]}}}""", "ForAllValuesAlone")]
    [InlineData("""{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"arn:aws:dynamodb:*:*:table/films","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}}""", "")]
    [InlineData("""{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Scan"],"Resource":"arn:aws:dynamodb:*:*:table/films","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}}""", "ForAllValuesAlone")]
    [InlineData("""{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{"StringEquals":{"secretsmanager:ResourceTag/team":"a"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/films","Condition":{"ForAllValues:StringEquals":{"dynamodb:Attributes":["title"]},"Null":{"dynamodb:Attributes":"false"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}""", "")]
    [InlineData("""{"Effect":"Allow","Action":"sts:*","Resource":"*"}""", "PrivilegeEscalation")]
    [InlineData("""{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::123456789012:role/*"}""", "PrivilegeEscalation")]
    [InlineData("""{"Effect":"Allow","Action":["bedrock-agentcore:*","iam:PassRole"],"Resource":"*"}""", "PrivilegeEscalation")]
    [InlineData("""{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","192.0.0.0/2"]}}}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2000::/3"]}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"},{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"},{"Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"},{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}""", "PublicPrincipal")]
    [InlineData("""{"Effect":"Allow","Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"}""", "CanonicalUserPrincipal")]
    [InlineData("""{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}""", "MfaNotRequired")]
    [InlineData("""{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"NumericGreaterThan":{"aws:MultiFactorAuthAge":"3600"}}}""", "MfaNotRequired")]
    [InlineData("""{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}}""", "MfaNotRequired")]
    [InlineData("""{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}""", "")]
    [InlineData("""{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}""", "")]
    [InlineData("""{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:MultiFactorAuthAge":"true"}}},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"aws:MultiFactorAuthAge":"3600"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:us-east-1:123456789012:table/*"}""", "WildcardAction")]
    public void A_document_is_reviewed(string statement, string id)
    {
        string[] ids = [.. PolicyReview.Review(Document(statement), "document").Select(finding => finding.Id).Distinct()];
        if (id.Length > 0)
        {
            Assert.Contains(id, ids);
        }
        else
        {
            Assert.Empty(ids);
        }
    }

    [Fact]
    public void A_statement_about_everything_but_some_says_so_in_each_finding() => Assert.Contains(
        PolicyReview.Review(Document("""{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::movies/*"}"""), "document"),
        finding => finding.Id == "WildcardAction" && finding.Why.StartsWith("s3:* on everything except arn:aws:s3:::movies/* includes ", StringComparison.Ordinal));

    /// <summary>Whose workflows a trust policy lets in.</summary>
    [Theory]
    [InlineData("StringLike", "sub", "repo:myorg*", "FederatedTrustOpen")]
    [InlineData("StringLike", "sub", "repo:my?rg/app:*", "FederatedTrustOpen")]
    [InlineData("StringLike", "sub", "repo:myorg/*", "")]
    [InlineData("StringEquals", "sub", "repo:myorg/app:*", "ConditionNeverTrue")]
    [InlineData("StringEquals", "sub", "repo:myorg/app:ref:refs/heads/main", "")]
    [InlineData("StringEquals", "actor", "ann", "FederatedTrustOpen")]
    [InlineData("StringEquals", "environment", "production", "FederatedTrustOpen")]
    [InlineData("StringEquals", "repository_owner_id", "123", "")]
    [InlineData("StringLike", "repository", "myorg*", "FederatedTrustOpen")]
    [InlineData("StringLike", "job_workflow_ref", "myorg/app/.github/workflows/*", "")]
    public void Whose_workflows_are_trusted_is_looked_at(string name, string claim, string value, string id)
    {
        const string Issuer = "token.actions.githubusercontent.com";
        string trust = $$"""{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/{{Issuer}}"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"{{Issuer}}:aud":"sts.amazonaws.com"},"{{name}}IfX":{"{{Issuer}}:{{claim}}":"{{value}}"} } }""".Replace("IfX", name == "StringEquals" ? "IgnoreCase" : "", StringComparison.Ordinal);
        string[] ids = [.. PolicyReview.Review(Document(trust), "document").Where(finding => finding.Id != "ConditionNeverTrue" || finding.Why.Contains("literally", StringComparison.Ordinal)).Select(finding => finding.Id).Distinct()];
        Assert.Equal(id.Length == 0 ? [] : [id], ids);
    }

    /// <summary>Who may do everything, with what takes some of it away.</summary>
    [Theory]
    [InlineData("", null, FindingSeverity.Critical)]
    [InlineData("""{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}""", null, FindingSeverity.Critical)]
    [InlineData("""{"Effect":"Deny","Action":"iam:*","Resource":"*"}""", null, FindingSeverity.Medium)]
    [InlineData("", """{"Effect":"Allow","Action":"s3:*","Resource":"*"}""", FindingSeverity.Medium)]
    [InlineData("", """{"Effect":"Allow","Action":"*","Resource":"*"}""", FindingSeverity.Critical)]
    public void An_administrator_is_who_cannot_be_held(string deny, string? boundary, FindingSeverity severity)
    {
        AccountPrincipal admin = new()
        {
            Kind = AccountPrincipalKind.Role, Name = "admin", Arn = "arn:aws:iam::123456789012:role/admin", Boundary = boundary is null ? null : Named("limit", boundary),
            Policies = [Named("all", """{"Effect":"Allow","Action":"*","Resource":"*"}""" + (deny.Length > 0 ? "," + deny : ""))],
            Trust = Named("trust", """{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}"""),
        };
        AccountSnapshot account = new([User("ann", $$"""{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"{{admin.Arn}}"}"""), admin]);
        LabPolicyFinding[] found = [.. PolicyReview.Review(account)];
        Assert.Equal(severity, found.Single(finding => finding.Id == "AdministratorAccess").Severity);
        Assert.Equal(severity == FindingSeverity.Critical, Array.Exists(found, finding => finding.Id == "AssumesAdministrator"));
    }

    [Fact]
    public void Every_step_of_a_way_exists() =>
        Assert.All(EscalationPath.All.SelectMany(path => path.Steps), step => Assert.NotNull(ActionCatalogue.Find(step.Action)));

    [Fact]
    public void What_is_denied_beyond_some_resources_is_no_way()
    {
        PolicyDocument document = Document("""{"Effect":"Allow","Action":["iam:PassRole","ec2:RunInstances"],"Resource":"*"},{"Effect":"Deny","Action":"iam:PassRole","NotResource":"arn:aws:iam::123456789012:role/web"}""");
        string[] ids = [.. PolicyReview.Review(document, "document").Select(finding => finding.Id)];
        Assert.DoesNotContain("PrivilegeEscalation", ids);
        Assert.DoesNotContain("PassRoleAny", ids);
    }

    [Fact]
    public void A_role_passed_to_another_service_is_no_way()
    {
        PolicyDocument document = PolicyDocument.Parse("""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}},
              {"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]}
            """);
        Assert.DoesNotContain("PrivilegeEscalation", PolicyReview.Review(document, "document").Select(finding => finding.Id));
    }

    [Fact]
    public void A_denied_step_is_no_way()
    {
        PolicyDocument document = PolicyDocument.Parse("""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Action":["iam:PassRole","ec2:RunInstances"],"Resource":"*"},
              {"Effect":"Deny","Action":"iam:Pass*","Resource":"*"}]}
            """);
        Assert.DoesNotContain("PrivilegeEscalation", PolicyReview.Review(document, "document").Select(finding => finding.Id));
    }

    [Theory]
    [InlineData("a*c", "abc", true)]
    [InlineData("a*", "*b", true)]
    [InlineData("a*x", "b*", false)]
    [InlineData("arn:aws:s3:::movies/*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", true)]
    [InlineData("arn:aws:s3:::movies", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", false)]
    [InlineData("a?c", "a*d", false)]
    [InlineData("", "*", true)]
    public void Patterns_overlap(string left, string right, bool overlap)
    {
        Assert.Equal(overlap, PatternRelation.Overlaps(left, right));
        Assert.Equal(overlap, PatternRelation.Overlaps(right, left));
    }

    [Fact]
    public async Task Pages_gzip_and_UTF_16_are_read_as_one_account()
    {
        JsonObject whole = JsonNode.Parse(await File.ReadAllTextAsync(Bad, Cancellation))!.AsObject();
        JsonObject second = new() { ["IsTruncated"] = false, ["RoleDetailList"] = whole["RoleDetailList"]!.DeepClone(), ["Policies"] = whole["Policies"]!.DeepClone() };
        whole.Remove("RoleDetailList");
        whole.Remove("Policies");
        string one = Path.Combine(folder, "1.json.gz"), two = Path.Combine(folder, "2.json");
        await using (GZipStream packed = new(File.Create(one), CompressionLevel.Fastest))
        {
            await packed.WriteAsync(Encoding.UTF8.GetBytes(whole.ToJsonString()), Cancellation);
        }

        await File.WriteAllTextAsync(two, second.ToJsonString(), Encoding.Unicode, Cancellation);
        AccountSnapshot account = await AccountFile.ReadAsync([one, two], Cancellation);
        AccountSnapshot expected = await AccountFile.ReadAsync([Bad], Cancellation);
        Assert.Equal(expected.Principals.Select(principal => principal.Arn), account.Principals.Select(principal => principal.Arn));
        Assert.Equal(
            PolicyReview.Review(expected).Select(finding => finding.Fingerprint), PolicyReview.Review(account).Select(finding => finding.Fingerprint));
    }

    [Theory]
    [InlineData("{\"UserDetailList\": [ {", "SnapshotInvalid")]
    [InlineData("{\"Version\": \"2012-10-17\"}", "SnapshotInvalid")]
    [InlineData("", "SnapshotInvalid")]
    public async Task A_file_that_is_no_account_is_named(string text, string code)
    {
        string path = Path.Combine(folder, "account.json");
        await File.WriteAllTextAsync(path, text, Cancellation);
        LabException error = await Assert.ThrowsAsync<LabException>(() => AccountFile.ReadAsync([path], Cancellation));
        Assert.Equal(code, error.Code);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accepted_findings_are_left_out_until_the_statement_changes()
    {
        string baseline = Path.Combine(folder, "accepted.json"), account = Path.Combine(folder, "account.json");
        File.Copy(Bad, account);
        Assert.Empty((await CmdletRunner.RunAsync("Measure-LabPolicy", new { Path = account, Baseline = baseline, UpdateBaseline = true })).Ok().Output);
        Assert.Empty((await CmdletRunner.RunAsync("Measure-LabPolicy", new { Path = account, Baseline = baseline })).Ok().Output);

        // Bob may now pass roles to more, and a reason that a person wrote stays.
        string text = await File.ReadAllTextAsync(account, Cancellation);
        await File.WriteAllTextAsync(account, text.Replace("\"iam:PassRole\"", "[\"iam:PassRole\", \"iam:GetRole\"]", StringComparison.Ordinal), Cancellation);
        LabPolicyFinding[] found = [.. (await CmdletRunner.RunAsync("Measure-LabPolicy", new { Path = account, Baseline = baseline })).Ok().OutputOf<LabPolicyFinding>()];
        Assert.Contains(found, finding => finding.Id == "PassRoleAny" && finding.Principal.EndsWith("user/bob", StringComparison.Ordinal));
        Assert.DoesNotContain(found, finding => finding.Principal.EndsWith("user/ann", StringComparison.Ordinal));
        JsonNode json = JsonNode.Parse(await File.ReadAllTextAsync(baseline, Cancellation))!;
        json["accepted"]![0]!["reason"] = "known";
        await File.WriteAllTextAsync(baseline, json.ToJsonString(), Cancellation);
        await CmdletRunner.RunAsync("Measure-LabPolicy", new { Path = account, Baseline = baseline, UpdateBaseline = true });
        Assert.Contains("\"known\"", await File.ReadAllTextAsync(baseline, Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sarif_has_rules_results_and_places()
    {
        CmdletResult result = (await CmdletRunner.RunAsync("Measure-LabPolicy", new { Path = Bad, OutputFormat = "Sarif" }, location: Path.GetDirectoryName(Bad))).Ok();
        JsonElement root = JsonDocument.Parse((string)Assert.Single(result.Output)!).RootElement;
        JsonElement run = root.GetProperty("runs")[0];
        Assert.Equal("2.1.0", root.GetProperty("version").GetString());
        string[] rules = [.. run.GetProperty("tool").GetProperty("driver").GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("id").GetString()!)];
        Assert.Equal(rules.Distinct(), rules);
        Assert.NotEmpty(run.GetProperty("results").EnumerateArray());
        foreach (JsonElement finding in run.GetProperty("results").EnumerateArray())
        {
            Assert.Equal(finding.GetProperty("ruleId").GetString(), rules[finding.GetProperty("ruleIndex").GetInt32()]);
            Assert.Contains(finding.GetProperty("level").GetString(), new[] { "note", "warning", "error" });
            Assert.Equal("bad-account.json", finding.GetProperty("locations")[0].GetProperty("physicalLocation").GetProperty("artifactLocation").GetProperty("uri").GetString());
            Assert.NotEqual("", finding.GetProperty("message").GetProperty("text").GetString());
        }
    }

    [Fact]
    public async Task Documents_from_the_pipeline_and_a_severity()
    {
        PolicyDocument document = Document("""{"Effect":"Allow","Action":["s3:HeadObject","iam:PassRole","ec2:RunInstances"],"Resource":"*"}""");
        CmdletResult result = (await CmdletRunner.RunAsync("Measure-LabPolicy", new { Severity = "High" }, [document])).Ok();
        Assert.Contains(result.OutputOf<LabPolicyFinding>(), finding => finding.Id == "PrivilegeEscalation");
        Assert.All(result.OutputOf<LabPolicyFinding>(), finding => Assert.True(finding.Severity >= FindingSeverity.High));
        ErrorRecord error = (await CmdletRunner.RunAsync("Measure-LabPolicy", new { Policy = "{ \"Statement\": 1 }" })).TerminatingError!;
        Assert.StartsWith("MalformedPolicyDocument", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_can_is_asked_of_a_saved_account()
    {
        CmdletResult result = (await CmdletRunner.RunAsync("Find-LabPrincipal", new { Action = "s3:DeleteObject", Resource = "s3://movies/data/a", Path = Bad })).Ok();
        Assert.Contains(result.OutputOf<LabPrincipalAccess>(), access => access.Via.Count == 2);
        ErrorRecord error = (await CmdletRunner.RunAsync("Find-LabPrincipal", new { Action = "s3:HeadObject", Path = Bad })).TerminatingError!;
        Assert.Contains("s3:GetObject", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task The_page_of_the_rules_is_what_the_rules_say()
    {
        StringBuilder ways = new("""

            ## Ways to further permissions

            `PrivilegeEscalation` looks for these. All actions of a row have to be allowed, in whatever policies of the principal; statements that deny without a
            condition and the permissions boundary are taken into account. A role can be passed only to the service of the row.

            | way | the principal can | actions |
            |---|---|---|

            """);
        foreach (EscalationPath path in EscalationPath.All)
        {
            ways.Append($"| `{path.Name}` | {path.How} | {string.Join(", ", path.Steps.Select(step => $"`{step.Action}`"))}{(path.EndsInRole ? " (a user also needs `sts:AssumeRole`)" : "")}{(path.RemovesBoundary ? " (of a principal with a boundary)" : "")} |\n");
        }

        return RulePage.AssertAsync(
            "policy-review.md", "Measure-LabPolicy",
            """
            `Measure-LabPolicy` reviews a principal with all its policies together, and single documents. A finding can have another severity than its rule, where a
            condition limits it or where it concerns a Deny. The source of this page is `ReviewRule` and `EscalationPath` in `src/CloudLab.Core/Identity/Review`.
            """,
            ReviewRule.All, ways.ToString());
    }

    private static async Task<IReadOnlyList<LabPolicyFinding>> ReviewAsync() => [.. PolicyReview.Review(await AccountFile.ReadAsync([Bad], Cancellation), Bad)];

    private static PolicyDocument Document(string statement) => PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""");
}
