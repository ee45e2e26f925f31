using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Comparison;
using CloudLab.Core.Identity.Policies.Decisions;
using CloudLab.Core.Identity.Policies.Denials;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

[Trait("Area", "Identity")]
public sealed class PolicyCmdletTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-policies-").FullName;
    private readonly Runspace runspace = TestRunspaces.Rent();
    private LabEmulator emulator = null!;
    private LabSession session = null!;

    public async ValueTask InitializeAsync()
    {
        emulator = await LabEmulator.StartAsync(null, TestContext.Current.CancellationToken);
        session = LabSession.Resolve(emulator.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, folder));
    }

    public async ValueTask DisposeAsync()
    {
        TestRunspaces.Return(runspace);
        await emulator.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Parameters and the statements that they make.</summary>
    public static TheoryData<Hashtable, string[]> Statements => new()
    {
        { new() { ["Bucket"] = "movies" }, ["Allow s3:ListBucket on arn:aws:s3:::movies", "Allow s3:GetObject on arn:aws:s3:::movies/*"] },
        { new() { ["Bucket"] = "movies", ["ReadOnly"] = true, ["Prefix"] = "d/" }, ["Allow s3:ListBucket on arn:aws:s3:::movies if StringLike s3:prefix d/*", "Allow s3:GetObject on arn:aws:s3:::movies/d/*"] },
        {
            new() { ["Bucket"] = "movies", ["ReadWrite"] = true },
            ["Allow s3:ListBucket on arn:aws:s3:::movies", "Allow s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListMultipartUploadParts on arn:aws:s3:::movies/*"]
        },
        { new() { ["Bucket"] = "movies", ["Access"] = "Read" }, ["Allow s3:GetObject on arn:aws:s3:::movies/*"] },
        { new() { ["Bucket"] = "movies", ["Access"] = new[] { "Write" }, ["Prefix"] = "in/" }, ["Allow s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListMultipartUploadParts on arn:aws:s3:::movies/in/*"] },
        { new() { ["Bucket"] = "movies", ["Access"] = "List", ["Principal"] = "*" }, ["Allow s3:ListBucket on arn:aws:s3:::movies to *"] },
        { new() { ["Allow"] = "s3:GetObject", ["Bucket"] = "movies", ["Prefix"] = "lab2/", ["Condition"] = new Hashtable { ["Bool"] = new Hashtable { ["aws:SecureTransport"] = true } } }, ["Allow s3:GetObject on arn:aws:s3:::movies/lab2/* if Bool aws:SecureTransport true"] },
        { new() { ["Allow"] = new[] { "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation" }, ["Bucket"] = "movies", ["Prefix"] = "a/", ["Sid"] = "Lab" }, ["Allow s3:ListBucket on arn:aws:s3:::movies if StringLike s3:prefix a/*", "Allow s3:GetBucketLocation on arn:aws:s3:::movies", "Allow s3:GetObject on arn:aws:s3:::movies/a/*"] },
        { new() { ["Allow"] = "s3:*", ["Bucket"] = "movies" }, ["Allow s3:* on arn:aws:s3:::movies", "Allow s3:* on arn:aws:s3:::movies/*"] },
        { new() { ["Deny"] = "s3:*", ["Bucket"] = "movies", ["Prefix"] = "x/" }, ["Deny s3:ListBucket, s3:ListBucketVersions on arn:aws:s3:::movies if StringLike s3:prefix x/*", "Deny s3:* on arn:aws:s3:::movies/x/*"] },
        { new() { ["Allow"] = "s3:getobject", ["Resource"] = "s3://movies/*", ["Principal"] = new[] { "ec2.amazonaws.com", "123456789012" } }, ["Allow s3:getobject on arn:aws:s3:::movies/* to 123456789012, ec2.amazonaws.com"] },
    };

    [Theory]
    [MemberData(nameof(Statements))]
    public async Task Parameters_make_statements(Hashtable parameters, string[] statements)
    {
        PolicyDocument made = (await Run("New-LabPolicyDocument", parameters)).Ok().OutputOf<PolicyDocument>().Single();
        Assert.Equal(statements, made.Statement.Select(statement => statement.ToString()));
        Assert.All(made.Statement, (statement, i) => Assert.Equal(!parameters.ContainsKey("Sid") ? null : $"Lab{i + 1}", statement.Sid));
        PolicyDocument first = PolicyDocument.Parse("""{"Version":"2012-10-17","Id":"kept","Statement":{"Sid":"First","Effect":"Allow","Action":"s3:*","Resource":"*"}}""");
        PolicyDocument added = (await Run("Add-LabPolicyStatement", parameters, [first])).Ok().OutputOf<PolicyDocument>().Single();
        Assert.Equal(["Allow s3:* on *", .. statements], added.Statement.Select(statement => statement.ToString()));
        Assert.Equal("kept", added.Id);
    }

    [Theory]
    [InlineData("Allow", "s3:GetObjekt", "Bucket", "movies", "ActionInvalid", "Did you mean s3:GetObject?")]
    [InlineData("Bucket", "movies/data/", "Access", "Read", "BucketInvalid", "-Bucket movies -Prefix data/")]
    [InlineData("Bucket", "movies*", "Access", "Read", "BucketInvalid", "-Resource s3://movies*, s3://movies*/*")]
    [InlineData("Bucket", "s3://movies", "Access", "Read", "BucketInvalid", "write -Bucket movies.")]
    [InlineData("Allow", "kms:Decrypt", "Bucket", "movies", "ActionInvalid", "does not go with -Bucket: give its -Resource")]
    [InlineData("Allow", "s3:ListAllMyBuckets", "Bucket", "movies", "ActionInvalid", "use -Resource *")]
    [InlineData("Allow", "s3:GetObject", "Prefix", "a/", "BucketMissing", "-Prefix needs -Bucket")]
    [InlineData("Allow", "s3:GetObject", "Sid", "A", "ResourceMissing", "-Bucket")]
    [InlineData("Bucket", "movies", "Principal", "a,b", "PrincipalInvalid", "give several as a list, without quotes around the whole: 'a', 'b'")]
    [InlineData("Bucket", "movies", "Principal", "ec2", "PrincipalInvalid", "ec2.amazonaws.com")]
    [InlineData("Bucket", "movies", "Condition", "{ x", "MalformedPolicyDocument", "-Condition is not valid JSON")]
    public async Task A_statement_that_makes_no_sense_is_refused_with_what_to_do(string name, string value, string other, string text, string id, string message)
    {
        ErrorRecord error = (await Run("New-LabPolicyDocument", new Hashtable { [name] = value, [other] = text })).TerminatingError!;
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3:GetObjects", "s3:GetObject")]
    [InlineData("sts:AssumeRole", null)]
    [InlineData("private:DoIt", null)]
    public async Task What_the_catalogue_lacks_is_warned_of(string action, string? meant)
    {
        string[] warnings = [.. (await Run("New-LabPolicyDocument", new { Allow = action, Resource = "*" })).Ok().Warnings];
        Assert.Equal(meant is null, warnings.Length == 0);
        Assert.All(warnings, warning => Assert.Contains(meant!, warning, StringComparison.Ordinal));
        warnings = [.. (await Run("New-LabPolicyDocument", new { Allow = "sts:AssumeRole", Principal = "ecc2.amazonaws.com" })).Ok().Warnings];
        Assert.Contains("did you mean 'ec2'?", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Empty((await Run("New-LabPolicyDocument", new { Allow = "sts:AssumeRole", Principal = new[] { "logs.eu-central-1.amazonaws.com", "ecs-tasks.amazonaws.com", "monitoring.rds.amazonaws.com" } })).Ok().Warnings);
    }

    /// <summary>Calls stand for their permissions, what does not exist is refused with what was meant, and what may be new is possible.</summary>
    [Fact]
    public async Task Actions_are_those_of_the_catalogue()
    {
        PolicyDocument policy = PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:Get*","s3:PutNewThing","private:DoIt"],"Resource":"*"}}""");
        async Task<string> Decide(string action) => (await Run("Test-LabPolicy", new { Action = action, Resource = "s3://movies/a", Policy = policy })) is { TerminatingError: { } error }
            ? error.FullyQualifiedErrorId.Split(',')[0] + " " + error : (await Run("Test-LabPolicy", new { Action = action, Resource = "s3://movies/a", Policy = policy })).OutputOf<LabPolicyDecision>().Select(one => $"{one.Action} {one.Decision}").Single();
        Assert.Equal("s3:GetObject Allowed", await Decide("s3:HeadObject"));
        Assert.Equal("s3:PutNewThing Allowed", await Decide("s3:PutNewThing"));
        Assert.Equal("private:DoIt Allowed", await Decide("private:DoIt"));
        string refused = await Decide("s3:GetObjects");
        Assert.StartsWith("ActionUnknown", refused, StringComparison.Ordinal);
        Assert.Contains("s3:GetObject?", refused, StringComparison.Ordinal);
    }

    /// <summary>A decision on a request that does not exist means nothing: nobody can delete a bucket as an object.</summary>
    [Theory]
    [InlineData("s3:GetObject", "s3://movies", "ask about an object, such as arn:aws:s3:::movies/key")]
    [InlineData("s3:ListBucket", "s3://movies/a", "ask about arn:aws:s3:::movies.")]
    [InlineData("s3:ListAllMyBuckets", "s3://movies", "leave the resource out")]
    [InlineData("s3:GetObject", "s3://movies/a", null)]
    [InlineData("s3:GetObject", "s3://movies s3://movies/a", null)]
    [InlineData("s3:GetObject", "*", null)]
    [InlineData("s3:ListBucket", "arn:aws:s3:::*", null)]
    [InlineData("s3:GetObject", "arn:aws:s3:eu-west-1:123456789012:accesspoint/a/object/b", null)]
    [InlineData("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:q", null)]
    public async Task A_request_that_does_not_exist_is_warned_of(string action, string resources, string? says)
    {
        string[] warnings = [.. (await Run("Test-LabPolicy", new { Action = action, Resource = resources.Split(' '), Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}""" })).Ok().Warnings];
        Assert.Equal(says is null, warnings.Length == 0);
        Assert.All(warnings, warning => Assert.Contains(says!, warning, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("// read\n{ \"Statement\": [] }", "line 1, column 1")]
    [InlineData("/* read */ { \"Statement\": [] }", "line 1, column 1")]
    [InlineData("# read\n{ \"Statement\": [] }", "line 1, column 1")]
    public async Task A_text_that_begins_with_a_comment_is_no_path(string json, string place)
    {
        string message = (await Run("Test-LabPolicy", new { Action = "s3:GetObject", Policy = json })).TerminatingError!.ToString();
        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.Contains("a comment begins here", message, StringComparison.Ordinal);
        Assert.Contains("a comment begins here", (await Run("Measure-LabPolicy", new { Policy = json })).TerminatingError!.ToString(), StringComparison.Ordinal);
        Assert.Contains("a comment begins here", (await Run("Test-LabPolicy", new { Action = "s3:GetObject", Policy = json.Split('\n') })).TerminatingError!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_decided_fails_a_gate_and_is_only_warned_of_without_one()
    {
        PolicyDocument old = PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NumericLessThan":{"aws:RequestTag/n":"10"}}}]}""");
        PolicyDocument changed = PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:RequestTag/n":"*"}}}]}""");
        CmdletResult gate = await Run("Compare-LabPolicy", new { Reference = old, Difference = changed, NoNewAccess = true });
        Assert.StartsWith("ComparisonUndecided,", gate.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("aws:RequestTag/n", gate.TerminatingError.ToString(), StringComparison.Ordinal);
        Assert.Contains((await Run("Compare-LabPolicy", new { Reference = old, Difference = changed })).Ok().Warnings, warning => warning.Contains("aws:RequestTag/n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bucket_policy_without_a_principal_says_what_to_add()
    {
        await Run("New-LabBucket", new { Bucket = "big1" });
        PolicyDocument own = (await Run("New-LabPolicyDocument", new { Bucket = "big1", ReadOnly = true })).Ok().OutputOf<PolicyDocument>().Single();
        Assert.Contains("-Principal: an account id", (await Run("Set-LabBucketPolicy", new { Bucket = "big1", Policy = own })).TerminatingError!.ToString(), StringComparison.Ordinal);
        PolicyDocument open = (await Run("New-LabPolicyDocument", new { Bucket = "big1", ReadOnly = true, Principal = "*" })).Ok().OutputOf<PolicyDocument>().Single();
        (await Run("Set-LabBucketPolicy", new { Bucket = "big1", Policy = open })).Ok();
    }

    [Fact]
    public async Task Actions_and_resources_are_decided_one_by_one()
    {
        PolicyDocument policy = new(PolicyStatements.ForBucket("movies", "data/", write: false));
        LabPolicyDecision[] decisions = (await Run(
            "Test-LabPolicy", new { Action = new[] { "s3:GetObject", "s3:PutObject" }, Resource = new[] { "s3://movies/data/a", "s3://movies/b" } }, [policy])).Ok().OutputOf<LabPolicyDecision>();
        Assert.Equal(
            ["s3:GetObject arn:aws:s3:::movies/data/a True", "s3:GetObject arn:aws:s3:::movies/b False", "s3:PutObject arn:aws:s3:::movies/data/a False", "s3:PutObject arn:aws:s3:::movies/b False"],
            decisions.Select(one => $"{one.Action} {one.Resource} {one.Allowed}"));
        Assert.Equal(("the policy", 1), (decisions[0].Policy, decisions[0].StatementIndex));
        Assert.Equal(PolicyElement.Resource, decisions[1].NearMiss[0].Failed.Single().Element);
        Assert.True((bool)(await Run("Test-LabPolicy", new { Action = "s3:GetObject", Resource = "s3://movies/data/a", Policy = policy, Quiet = true })).Ok().Output.Single()!);
        Assert.False((bool)(await Run("Test-LabPolicy", new { Action = "s3:PutObject", Resource = "s3://movies/data/a", Policy = policy, Quiet = true })).Ok().Output.Single()!);
    }

    [Fact]
    public async Task Layers_context_and_principal_count()
    {
        string all = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}""", s3 = all.Replace("\"*\",", "\"s3:*\",", StringComparison.Ordinal), ec2 = all.Replace("\"*\",", "\"ec2:*\",", StringComparison.Ordinal);
        async Task<LabPolicyDecision> Decide(Hashtable parameters)
        {
            parameters["Action"] = "s3:GetObject";
            parameters["Resource"] = "s3://movies/a";
            return (await Run("Test-LabPolicy", parameters)).Ok().OutputOf<LabPolicyDecision>().Single();
        }

        Assert.True((await Decide(new() { ["Policy"] = s3, ["PermissionsBoundary"] = all, ["SessionPolicy"] = s3, ["ServiceControlPolicy"] = new object[] { ec2, s3 } })).Allowed);
        Assert.Equal(PolicyLayer.ServiceControl, (await Decide(new() { ["Policy"] = s3, ["ServiceControlPolicy"] = new object[] { new object[] { all }, new object[] { ec2 } } })).Layer);
        Assert.Equal(PolicyLayer.Boundary, (await Decide(new() { ["Policy"] = s3, ["PermissionsBoundary"] = ec2 })).Layer);
        Assert.Equal(PolicyLayer.Session, (await Decide(new() { ["Policy"] = s3, ["SessionPolicy"] = ec2 })).Layer);
        string bob = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:user/bob"},"Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}""";
        Hashtable context = new() { ["aws:SourceIp"] = "10.1.2.3" };
        Assert.True((await Decide(new() { ["ResourcePolicy"] = bob, ["Policy"] = s3, ["Principal"] = "arn:aws:iam::210987654321:user/bob", ["ResourceAccount"] = "123456789012", ["Context"] = context })).Allowed);
        Assert.False((await Decide(new() { ["ResourcePolicy"] = bob, ["Principal"] = "arn:aws:iam::210987654321:user/bob", ["ResourceAccount"] = "123456789012", ["Context"] = context })).Allowed);
        Assert.Equal("anonymous", (await Decide(new() { ["ResourcePolicy"] = bob })).Principal);
    }

    [Theory]
    [InlineData("Action", "s3:Get*", "ActionInvalid", "a request is for one action")]
    [InlineData("Action", "GetObject", "ActionInvalid", "service:Name")]
    [InlineData("Resource", "movies", "ResourceInvalid", "s3://movies")]
    [InlineData("Principal", "ann", "PrincipalInvalid", "ARN of a user")]
    [InlineData("Context", "x", "ContextInvalid", "hashtable")]
    [InlineData("Policy", "{", "MalformedPolicyDocument", "line 1")]
    [InlineData("ResourcePolicy", """{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}""", "MalformedPolicyDocument", "Principal is missing")]
    public async Task What_cannot_be_decided_is_refused(string name, string value, string id, string message)
    {
        Hashtable parameters = new() { ["Action"] = "s3:GetObject", ["Resource"] = "*", ["Policy"] = """{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}""" };
        parameters[name] = value;
        ErrorRecord error = (await Run("Test-LabPolicy", parameters)).TerminatingError!;
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_of_the_account_is_decided_as_the_emulator_enforces_it()
    {
        PolicyDocument policy = new(PolicyStatements.ForBucket("movies", "data/", write: false));
        await Run("New-LabRole", new { Name = "viewer", Policy = policy, Tag = new Hashtable { ["team"] = "movies" } });
        LabPolicyDecision list = (await Run("Test-LabPolicy", new { Role = "viewer", Action = "s3:ListBucket", Resource = "s3://movies", Context = new Hashtable { ["s3:prefix"] = "data/" } })).Ok().OutputOf<LabPolicyDecision>().Single();
        Assert.True(list.Allowed);
        Assert.Matches("^inline policy '.+' of role 'viewer'$", list.Policy);
        LabPolicyDecision all = (await Run("Test-LabPolicy", new { Role = "viewer", Action = "s3:ListBucket", Resource = "s3://movies" })).Ok().OutputOf<LabPolicyDecision>().Single();
        Assert.Equal("s3:prefix", all.NearMiss[0].Failed.Single().Key);
        CmdletResult nobody = await Run("Test-LabPolicy", new { Role = "nobody", Action = "s3:ListBucket" });
        Assert.StartsWith("NoSuchEntity,", (nobody.TerminatingError ?? nobody.Errors.Single()).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gate_fails_with_the_example_that_proves_it()
    {
        PolicyDocument old = new(PolicyStatements.ForBucket("movies", "data/", write: false)), changed = new(PolicyStatements.ForBucket("movies", null, write: true));
        CmdletResult gate = await Run("Test-LabPolicy", new { Action = "s3:PutObject", Resource = "s3://movies/a", Policy = changed, Expect = "Denied" });
        Assert.StartsWith("PolicyExpectationFailed,", gate.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(gate.Output);
        (await Run("Test-LabPolicy", new { Action = "s3:PutObject", Resource = "s3://movies/a", Policy = old, Expect = "Denied" })).Ok();

        CmdletResult newAccess = await Run("Compare-LabPolicy", new { Reference = old, Difference = changed, NoNewAccess = true });
        Assert.StartsWith("NewAccessGranted,", newAccess.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(newAccess.OutputOf<LabPolicyDifference>(), one => one.Action == "s3:DeleteObject");
        Assert.IsType<LabPolicyDifference>(newAccess.TerminatingError.TargetObject is PSObject wrapped ? wrapped.BaseObject : newAccess.TerminatingError.TargetObject);
        Assert.Empty((await Run("Compare-LabPolicy", new { Reference = changed, Difference = old, NoNewAccess = true })).Ok().Output);

        Assert.StartsWith("AccessGranted,", (await Run("Compare-LabPolicy", new { Difference = changed, MustNotGrant = "s3:Delete*@s3://movies/secret/*" })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty((await Run("Compare-LabPolicy", new { Difference = changed, MustNotGrant = new[] { "s3:DeleteBucket", "iam:*" } })).Ok().Output);
        LabPolicyDifference[] both = (await Run("Compare-LabPolicy", new { Reference = changed, Difference = old })).Ok().OutputOf<LabPolicyDifference>();
        Assert.All(both, one => Assert.Equal("<=", one.SideIndicator));
        Assert.Equal(["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject"], both.Select(one => one.Action).Order(StringComparer.Ordinal));
        Assert.StartsWith("ReferenceMissing,", (await Run("Compare-LabPolicy", new { Difference = old })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_of_the_emulator_is_explained_and_the_suggestion_mends_it()
    {
        await Run("New-LabBucket", new { Bucket = "movies" });
        await Run("Set-LabObjectContent", new { Bucket = "movies", Key = "a", Value = "x" });
        await Run("New-LabRole", new { Name = "viewer", Policy = new PolicyDocument(PolicyStatements.ForBucket("movies", "data/", write: false)) });
        async Task<CmdletResult> Get()
        {
            LabSession role = (await Run("Use-LabRole", new { Name = "viewer", PassThru = true })).Ok().OutputOf<LabSession>().Single();
            return await CmdletRunner.RunAsync("Get-LabObjectContent", new { Bucket = "movies", Key = "a", Session = role }, runspace: runspace);
        }

        CmdletResult refused = await Get();
        ErrorRecord error = refused.TerminatingError ?? refused.Errors.Single();
        LabAccessDenied explained = (await Run("Resolve-LabAccessDenied", new { IncludePolicy = true }, [error])).Ok().OutputOf<LabAccessDenied>().Single();
        Assert.Equal(("s3:GetObject", "arn:aws:s3:::movies/a", "identity-based policy"), (explained.Action, explained.Resource, explained.Layer));
        Assert.Equal(PolicyElement.Resource, explained.Evaluation!.NearMiss[0].Failed.Single().Element);
        await Run("Remove-LabRole", new { Name = "viewer", Force = true });
        await Run("New-LabRole", new { Name = "viewer", Policy = explained.Suggestion });
        Assert.Equal("x", (await Get()).Ok().Output.Single()!.ToString());

        CmdletResult other = await Run("Resolve-LabAccessDenied", null, [new ErrorRecord(new LabException(LabErrorKind.NotFound, "NoSuchKey", "No."), "x", ErrorCategory.NotSpecified, null)]);
        Assert.StartsWith("NotAccessDenied,", other.Errors.Single().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_encoded_message_is_decoded_by_STS()
    {
        const string Decoded = """{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[]},"context":{"principal":{"id":"AIDA","arn":"arn:aws:iam::123456789012:user/ann"},"action":"ec2:RunInstances","resource":"arn:aws:ec2:eu-central-1:123456789012:instance/*"}}""";
        await using FakeServer server = new((200, FakeServer.Ok("DecodeAuthorizationMessage", $"<DecodedMessage>{Decoded.Replace("\"", "&quot;", StringComparison.Ordinal)}</DecodedMessage>").Replace("iam.amazonaws.com/doc/2010-05-08", "sts.amazonaws.com/doc/2011-06-15", StringComparison.Ordinal)));
        LabAccessDenied explained = (await CmdletRunner.RunAsync(
            "Resolve-LabAccessDenied", new { Message = "You are not authorized to perform this operation. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abc_def", Session = server.Session }, runspace: runspace)).Ok().OutputOf<LabAccessDenied>().Single();
        Assert.Equal(["DecodeAuthorizationMessage"], server.Actions);
        Assert.Equal(("ec2:RunInstances", "arn:aws:iam::123456789012:user/ann", PolicyOutcome.ExplicitDeny), (explained.Action, explained.Principal, explained.Decision));
        Assert.Equal(Decoded, explained.DecodedMessage);
    }

    private Task<CmdletResult> Run(string cmdlet, object? parameters = null, IEnumerable<object?>? input = null) => CmdletRunner.RunAsync(
        cmdlet, parameters, input, runspace: runspace, session: cmdlet is "New-LabPolicyDocument" or "Add-LabPolicyStatement" or "Compare-LabPolicy" ? null : session);
}
