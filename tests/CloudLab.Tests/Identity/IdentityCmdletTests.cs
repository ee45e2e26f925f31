using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity;

[Trait("Area", "Identity")]
public sealed class IdentityCmdletTests : IAsyncLifetime
{
    private const string Read = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}""";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-identity-").FullName;
    private readonly Runspace runspace = TestRunspaces.Rent();
    private LabEmulator emulator = null!;
    private LabSession session = null!;

    private string File => Path.Combine(folder, ".aws", "credentials");

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

    [Fact]
    public async Task A_role_is_created_with_its_policy_for_the_own_account()
    {
        LabRole role = (await Run("New-LabRole", new { Name = "viewer", Policy = Read, Tag = new Hashtable { ["team"] = "movies" } })).Ok().OutputOf<LabRole>().Single();
        Assert.Equal($"Allow sts:AssumeRole to arn:aws:iam::{emulator.Info.AccountId}:root", role.TrustPolicy!.Statement.Single().ToString());
        LabRole found = (await Run("Get-LabRole", new { Name = "viewer" })).Ok().OutputOf<LabRole>().Single();
        Assert.Equal("viewer", found.Policies!.Single().PolicyName);
        Assert.Equal("Allow s3:GetObject on *", found.Policies!.Single().Statement.Single().ToString());
        Assert.Equal("movies", found.Tags["team"]);
    }

    [Fact]
    public async Task WhatIf_names_the_role_and_changes_nothing()
    {
        CmdletResult result = (await Run("New-LabRole", new { Name = "viewer", Policy = Read, WhatIf = true })).Ok();
        Assert.Contains(result.Information, line => line.Contains("role 'viewer'", StringComparison.Ordinal));
        Assert.Empty((await Run("Get-LabRole")).Ok().Output);
        await Run("New-LabRole", new { Name = "viewer" });
        (await Run("Remove-LabRole", new { Name = "viewer", Force = true, WhatIf = true })).Ok();
        Assert.Single((await Run("Get-LabRole")).Ok().Output);
        (await Run("Use-LabRole", new { Name = "viewer", SaveProfile = "p", WhatIf = true })).Ok();
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task Policies_are_taken_in_any_form()
    {
        string path = Path.Combine(folder, "policy.json");
        System.IO.File.WriteAllText(path, Read);
        PSObject custom = new();
        custom.Properties.Add(new PSNoteProperty("Effect", "Allow"));
        custom.Properties.Add(new PSNoteProperty("Action", new object[] { "s3:GetObject" }));
        custom.Properties.Add(new PSNoteProperty("Resource", "*"));
        object[] forms =
        [
            Read,
            path,
            "policy.json",
            new FileInfo(path),
            PolicyDocument.Parse(Read),
            new PSObject(PolicyDocument.Parse(Read)),
            Read.Split(','),
            new Hashtable { ["Version"] = "2012-10-17", ["Statement"] = new Hashtable { ["Effect"] = "Allow", ["Action"] = "s3:GetObject", ["Resource"] = new[] { "*" } } },
            new Hashtable { ["Version"] = "2012-10-17", ["Statement"] = new object[] { custom } },
        ];
        for (int i = 0; i < forms.Length; i++)
        {
            object form = forms[i] is string[] lines ? lines.Select((line, n) => n < lines.Length - 1 ? line + "," : line).ToArray<object>() : forms[i];
            LabRole role = (await Run("New-LabRole", new { Name = "r" + i, Policy = form, TrustedPrincipal = new[] { "*" } })).Ok().OutputOf<LabRole>().Single();
            Assert.Equal(PolicyDocument.Parse(Read).ToJson(), role.Policies!.Single().Document!.ToJson());
        }
    }

    /// <summary>A bad policy, its error id and words of the message; nothing is created.</summary>
    [Theory]
    [InlineData("{ \"Statement\": [ }", "MalformedPolicyDocument", "line 1, column")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\"}}", "MalformedPolicyDocument", "-Policy: Policy document, Statement[0]: Resource is missing")]
    [InlineData("no-such-file.json", "PolicyFileUnreadable", "no-such-file.json")]
    public async Task A_bad_policy_stops_before_anything_is_sent(string policy, string id, string words)
    {
        CmdletResult result = await Run("New-LabRole", new { Policy = policy }, ["a", "b"]);
        Assert.StartsWith(id, result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, result.TerminatingError.CategoryInfo.Category);
        Assert.Contains(words, result.TerminatingError.ToString(), StringComparison.Ordinal);
        Assert.Empty((await Run("Get-LabRole")).Ok().Output);
    }

    // A hashtable that contains itself ended the process: a stack that overflows cannot be caught.
    [Fact]
    public async Task An_object_that_is_no_policy_stops_before_anything_is_sent()
    {
        Hashtable endless = new() { ["Version"] = "2012-10-17" };
        endless["Statement"] = endless;
        PSObject custom = new();
        custom.Properties.Add(new PSNoteProperty("Statement", custom));
        foreach (object policy in new object[] { endless, custom, new Hashtable { ["Statement"] = double.NaN }, new Hashtable { ["Statement"] = new System.Security.SecureString() } })
        {
            CmdletResult result = await Run("New-LabRole", new { Name = "a", Policy = policy });
            Assert.StartsWith("MalformedPolicyDocument", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        }

        Assert.StartsWith("ValueInvalid", (await Run("New-LabRole", new { Name = "a", Tag = new Hashtable { ["t"] = new object[] { 1 } } })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty((await Run("Get-LabRole")).Ok().Output);
        (await Run("New-LabRole", new { Name = "marked", Policy = "\uFEFF" + Read })).Ok();
    }

    [Fact]
    public async Task One_bad_name_is_one_error_and_the_others_go_on()
    {
        await Run("New-LabRole", new { Name = "b" });
        CmdletResult result = await Run("New-LabRole", null, ["a", "b", "c"]);
        Assert.Equal(["a", "c"], result.OutputOf<LabRole>().Select(role => role.Name));
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("EntityAlreadyExists", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.ResourceExists, (object)"b"), (error.CategoryInfo.Category, error.TargetObject));

        result = await Run("Get-LabRole", null, ["a", "nobody", "c"]);
        Assert.Equal(["a", "c"], result.OutputOf<LabRole>().Select(role => role.Name));
        Assert.Equal(ErrorCategory.ObjectNotFound, Assert.Single(result.Errors).CategoryInfo.Category);

        result = await Run("Remove-LabRole", new { Force = true }, ["a", "nobody", "c"]);
        Assert.Single(result.Errors);
        Assert.Equal(["b"], (await Run("Get-LabRole")).Ok().OutputOf<LabRole>().Select(role => role.Name));
    }

    [Theory]
    [InlineData("New-LabRole", "Name", "a b")]
    [InlineData("New-LabRole", "Name", "")]
    [InlineData("New-LabRole", "Name", "a\n")]
    [InlineData("New-LabRole", "Name", "\u00E4b")]
    [InlineData("New-LabRole", "Path", "/app/\n")]
    [InlineData("New-LabRole", "Path", "app")]
    [InlineData("New-LabRole", "MaxSessionDuration", "00:30:00")]
    [InlineData("New-LabRole", "MaxSessionDuration", "0")]
    [InlineData("Use-LabRole", "Duration", "0")]
    [InlineData("New-LabRole", "TrustedPrincipal", "not a principal")]
    [InlineData("Use-LabRole", "Duration", "60")]
    [InlineData("Use-LabRole", "SessionName", "x")]
    [InlineData("Use-LabRole", "RoleArn", "viewer")]
    [InlineData("Use-LabRole", "RoleArn", "arn:aws:iam::123456789012:role/x\n")]
    public async Task Nonsense_is_refused(string cmdlet, string parameter, string value)
    {
        Hashtable parameters = new() { [parameter] = value };
        if (parameter is not ("Name" or "RoleArn"))
        {
            parameters["Name"] = "viewer";
        }

        Assert.NotNull((await Run(cmdlet, parameters)).TerminatingError);
        Assert.Empty((await Run("Get-LabRole")).Ok().Output);
    }

    [Fact]
    public async Task Wildcards_list_and_the_first_object_ends_the_listing()
    {
        await Run("New-LabRole", new { Policy = Read }, ["movies-a", "movies-b", "books"]);
        Assert.Equal(["movies-a", "movies-b"], (await Run("Get-LabRole", new { Name = "MOVIES-*" })).Ok().OutputOf<LabRole>().Select(role => role.Name));
        Assert.Null((await Run("Get-LabRole", new { Name = "b*" })).Ok().OutputOf<LabRole>().Single().Policies);
        Assert.Single((await Run("Get-LabRole", new { Name = "b*", IncludePolicy = true })).Ok().OutputOf<LabRole>().Single().Policies!);
        Assert.Empty((await Run("Get-LabRole", new { Name = "x*" })).Ok().Output);
        Assert.Equal(3, (await Run("Get-LabRole", new { PathPrefix = "/" })).Ok().Output.Count);
        CmdletResult first = await CmdletRunner.RunAsync("Get-LabRole", new { Session = session }, first: 1, runspace: runspace);
        Assert.Single(first.Output);
        Assert.True(first.Stopped);
    }

    [Fact]
    public async Task Removing_asks_unless_forced()
    {
        await Run("New-LabRole", null, ["a", "b"]);
        CmdletResult asked = await CmdletRunner.RunAsync(
            "Remove-LabRole", new { Name = "a", Session = session }, answer: ConfirmAnswer.No, runspace: runspace);
        Assert.Contains("role 'a'", Assert.Single(asked.Questions), StringComparison.Ordinal);
        Assert.Equal(2, (await Run("Get-LabRole")).Ok().Output.Count);
        CmdletResult forced = await CmdletRunner.RunAsync(
            "Remove-LabRole", new { Name = "a", Force = true, Session = session }, answer: ConfirmAnswer.No, runspace: runspace);
        Assert.Empty(forced.Ok().Questions);
        Assert.Single((await Run("Get-LabRole")).Ok().Output);
    }

    [Fact]
    public async Task What_Get_writes_Remove_and_Use_take()
    {
        await Run("New-LabRole", null, ["a", "b"]);
        LabRole[] roles = (await Run("Get-LabRole")).Ok().OutputOf<LabRole>();
        LabSession role = (await Run("Use-LabRole", new { PassThru = true }, [roles[0]])).Ok().OutputOf<LabSession>().Single();
        Assert.Contains("/a/", await ArnAsync(role), StringComparison.Ordinal);
        (await Run("Remove-LabRole", new { Force = true }, roles)).Ok();
        Assert.Empty((await Run("Get-LabRole")).Ok().Output);
    }

    [Fact]
    public async Task An_assumed_role_becomes_the_runspaces_default()
    {
        await Run("New-LabRole", new { Name = "viewer" });
        CmdletResult used = (await Run("Use-LabRole", new { Name = "viewer", SessionName = "me", Duration = "900" })).Ok();
        Assert.Empty(used.Output);
        CmdletResult me = await CmdletRunner.RunAsync("Get-LabCallerIdentity", runspace: runspace);
        Assert.EndsWith("assumed-role/viewer/me", me.Ok().OutputOf<LabCallerIdentity>().Single().Arn, StringComparison.Ordinal);
        Assert.EndsWith(":root", await ArnAsync(session), StringComparison.Ordinal);

        await CmdletRunner.RunAsync("Disconnect-Lab", runspace: runspace);
        CmdletResult nobody = await CmdletRunner.RunAsync("Get-LabCallerIdentity", new { EndpointUrl = emulator.Info.EndpointUrl }, runspace: runspace);
        Assert.Equal(ErrorCategory.AuthenticationError, nobody.TerminatingError!.CategoryInfo.Category);
    }

    [Fact]
    public async Task A_saved_profile_can_be_used_and_the_default_stays()
    {
        await Run("New-LabRole", new { Name = "viewer" });
        CmdletResult saved = (await Run("Use-LabRole", new { Name = "viewer", SessionName = "me", SaveProfile = "viewer" })).Ok();
        string text = System.IO.File.ReadAllText(File);
        Assert.StartsWith("[viewer]\naws_access_key_id = ASIA", text, StringComparison.Ordinal);
        string secret = text.Split('\n').Single(line => line.StartsWith("aws_secret_access_key", StringComparison.Ordinal)).Split(" = ")[1];
        Assert.DoesNotContain(saved.Verbose, line => line.Contains(secret, StringComparison.Ordinal));
        Assert.Contains(saved.Verbose, line => line.Contains(File, StringComparison.Ordinal));

        CmdletResult me = await Run("Get-LabCallerIdentity", new { ProfileName = "viewer" });
        Assert.EndsWith("assumed-role/viewer/me", me.Ok().OutputOf<LabCallerIdentity>().Single().Arn, StringComparison.Ordinal);
        Assert.NotNull((await CmdletRunner.RunAsync("Get-LabCallerIdentity", new { EndpointUrl = emulator.Info.EndpointUrl }, runspace: runspace)).TerminatingError);
    }

    [Fact]
    public async Task A_role_that_does_not_trust_the_caller_is_refused()
    {
        await Run("New-LabRole", new { Name = "server", TrustedPrincipal = new[] { "ec2.amazonaws.com" } });
        CmdletResult refused = await Run("Use-LabRole", new { Name = "server" });
        ErrorRecord error = Assert.Single(refused.Errors);
        Assert.StartsWith("AccessDenied", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.PermissionDenied, error.CategoryInfo.Category);
        Assert.StartsWith("NoSuchEntity", Assert.Single((await Run("Use-LabRole", new { Name = "nobody" })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_look_a_role_up_can_still_assume_it_by_name()
    {
        await Run("New-LabRole", new { Name = "first", Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}""" });
        await Run("New-LabRole", new { Name = "second" });
        LabSession first = (await Run("Use-LabRole", new { Name = "first", PassThru = true })).Ok().OutputOf<LabSession>().Single();
        LabSession second = (await CmdletRunner.RunAsync("Use-LabRole", new { Name = "second", PassThru = true, Session = first }, runspace: runspace))
            .Ok().OutputOf<LabSession>().Single();
        Assert.Contains("assumed-role/second/", await ArnAsync(second), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Documents_are_built_from_statements_through_the_pipeline()
    {
        PolicyDocument first = await Document(new { Allow = new[] { "s3:Get*" }, Resource = new[] { "s3://movies/*", "arn:aws:s3:::books/*" } });
        Assert.Equal("Allow s3:Get* on arn:aws:s3:::movies/*, arn:aws:s3:::books/*", first.Statement.Single().ToString());
        PolicyDocument both = await Document(
            new { Deny = new[] { "s3:*" }, Resource = new[] { "*" }, Sid = "Stop", Condition = new Hashtable { ["Bool"] = new Hashtable { ["aws:SecureTransport"] = false } } }, first);
        Assert.Equal(["Allow", "Deny"], both.Statement.Select(statement => statement.Effect.ToString()));
        Assert.Equal(("Stop", "Bool aws:SecureTransport false"), (both.Statement[1].Sid, both.Statement[1].Condition.Single().ToString()));

        PolicyDocument three = await Document(new { Bucket = "films", Prefix = "a*b/", ReadWrite = true }, both, first);
        Assert.Equal(5, three.Statement.Count);
        Assert.Equal("Allow s3:ListBucket on arn:aws:s3:::films if StringLike s3:prefix a${*}b/*", three.Statement[3].ToString());
        Assert.Contains("s3:PutObject", three.Statement[4].Action);
        Assert.Equal(["arn:aws:s3:::films/a${*}b/*"], three.Statement[4].Resource);
    }

    [Fact]
    public async Task Buckets_from_the_pipeline_each_get_their_statements()
    {
        PolicyDocument document = await Document(new { ReadOnly = true }, new Core.Storage.Buckets.LabBucket { Bucket = "movies" }, new Core.Storage.Buckets.LabBucket { Bucket = "books" });
        Assert.Equal(
            ["arn:aws:s3:::movies", "arn:aws:s3:::movies/*", "arn:aws:s3:::books", "arn:aws:s3:::books/*"],
            document.Statement.SelectMany(statement => statement.Resource));
        Assert.DoesNotContain("s3:PutObject", document.Statement.SelectMany(statement => statement.Action));
    }

    [Fact]
    public async Task A_trust_policy_names_principals_by_their_kind()
    {
        PolicyDocument trust = await Document(new
        {
            Allow = new[] { "sts:AssumeRole" },
            Principal = new[] { "123456789012", "ec2.amazonaws.com", "arn:aws:iam::1:oidc-provider/x" },
            Condition = """{"StringEquals":{"sts:ExternalId":"42"}}""",
        });
        PolicyPrincipal principal = trust.Validated(PolicyKind.Trust).Statement.Single().Principal!;
        Assert.Equal(("123456789012", "ec2.amazonaws.com", "arn:aws:iam::1:oidc-provider/x"), (principal.AWS.Single(), principal.Service.Single(), principal.Federated.Single()));
    }

    [Theory]
    [InlineData("ResourceMissing", "Allow=s3:*")]
    [InlineData("MalformedPolicyDocument", "Allow=GetObject", "Resource=*")]
    [InlineData("MalformedPolicyDocument", "Allow=s3:*", "Resource=movies")]
    [InlineData("MalformedPolicyDocument", "Allow=s3:*", "Resource=*", "Condition={")]
    [InlineData("MalformedPolicyDocument", "Allow=s3:*", "Resource=*", "Condition={\"StringLikes\":{\"s3:prefix\":\"a\"}}")]
    [InlineData("PrincipalInvalid", "Allow=s3:*", "Principal=some body")]
    [InlineData("AccessAmbiguous", "Bucket=movies", "ReadOnly=true", "ReadWrite=true")]
    public async Task A_statement_that_makes_no_sense_is_refused(string id, params string[] parameters)
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "New-LabPolicyDocument", parameters.Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1] == "true" ? (object)true : p[1]));
        Assert.StartsWith(id, result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Wrong_keys_stop_the_command_in_one_line()
    {
        LabSession stranger = LabSession.Resolve(new SessionOptions { Keys = new AwsKeys(emulator.Info.AccessKey, "not-the-secret") }, "test", session);
        foreach (string cmdlet in new[] { "Get-LabRole", "Get-LabCallerIdentity" })
        {
            CmdletResult result = await CmdletRunner.RunAsync(cmdlet, new { Session = stranger }, runspace: runspace);
            Assert.Equal(ErrorCategory.AuthenticationError, result.TerminatingError!.CategoryInfo.Category);
            string message = result.TerminatingError.ToString();
            Assert.DoesNotContain("\n", message, StringComparison.Ordinal);
            Assert.DoesNotContain("not-the-secret", message, StringComparison.Ordinal);
        }
    }

    private static async Task<PolicyDocument> Document(object parameters, params object[] input) =>
        (await CmdletRunner.RunAsync("New-LabPolicyDocument", parameters, input.Length > 0 ? input : null)).Ok().OutputOf<PolicyDocument>().Single();

    private static async Task<string> ArnAsync(LabSession session) =>
        (await CmdletRunner.RunAsync("Get-LabCallerIdentity", new { Session = session })).Ok().OutputOf<LabCallerIdentity>().Single().Arn;

    private Task<CmdletResult> Run(string cmdlet, object? parameters = null, IEnumerable<object?>? input = null) =>
        CmdletRunner.RunAsync(cmdlet, parameters, input, runspace: runspace, location: folder, session: session);
}
