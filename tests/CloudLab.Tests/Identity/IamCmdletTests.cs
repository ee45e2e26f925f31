using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity;

/// <summary>The cmdlets for IAM's objects, on the emulator and on real servers: what all of them have.</summary>
public abstract class IamCmdletTest : IAsyncLifetime
{
    protected const string ReadMovies = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/a+b/*"}]}""";

    private readonly string mark = "lab-" + Guid.NewGuid().ToString("N")[..10];
    private int count;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected LabSession Session { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() =>
        Session = LabSession.Resolve(await ConnectAsync(), "test", null, new LabEnvironment(_ => null, TestEnvironment.Folder));

    public virtual async ValueTask DisposeAsync()
    {
        if (Session is not null)
        {
            foreach (string noun in new[] { "LabUser", "LabGroup", "LabRole" })
            {
                (await Run("Remove-" + noun, new { Name = new[] { mark + "*" }, Force = true, Confirm = false, ErrorAction = ActionPreference.SilentlyContinue })).ToString();
            }
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_user_is_created_found_changed_and_removed()
    {
        string name = NewName(), other = NewName();
        LabUser made = One<LabUser>(await Run("New-LabUser", new { Name = name, Path = "/lab/" }));
        Assert.Equal((name, "/lab/"), (made.Name, made.Path));
        Assert.EndsWith($":user/lab/{name}", made.UserArn, StringComparison.Ordinal);
        Assert.Equal(made.UserArn, One<LabUser>(await Run("Get-LabUser", new { Name = name })).UserArn);
        Assert.Equal(name, One<LabUser>(await Run("Get-LabUser", new { Name = made.UserArn })).Name);
        Assert.Equal(name, One<LabUser>(await Run("Get-LabUser", new { Name = mark + "*" })).Name);
        AssertError("EntityAlreadyExists", await Run("New-LabUser", new { Name = name }));
        LabUser changed = One<LabUser>(await Run("Set-LabUser", new { Name = name, NewName = other, NewPath = "/x/", PassThru = true }));
        Assert.Equal((other, "/x/"), (changed.Name, changed.Path));
        AssertError("NoSuchEntity", await Run("Get-LabUser", new { Name = name }));
        (await Run("Remove-LabUser", new { Name = other, Force = true })).Ok();
        AssertError("NoSuchEntity", await Run("Remove-LabUser", new { Name = other, Force = true }));
        AssertError("ArnInvalid", await Run("Get-LabUser", new { Name = "arn:aws:iam::123456789012:role/x" }));
    }

    [Fact]
    public async Task A_group_has_members_in_both_directions()
    {
        string group = NewName(), ann = NewName(), bob = NewName();
        (await Run("New-LabGroup", new { Name = group })).Ok();
        Assert.Equal([group], One<LabUser>(await Run("New-LabUser", new { Name = ann, Group = new[] { group } })).Groups);
        LabUser second = One<LabUser>(await Run("New-LabUser", new { Name = bob }));
        (await Run("Add-LabGroupMember", new { Group = group }, [second])).Ok();
        Assert.Equal(new[] { ann, bob }.Order(), (await Run("Get-LabGroupMember", new { Group = group })).Ok().OutputOf<LabGroupMember>().Select(member => member.UserName).Order());
        LabGroupMember found = One<LabGroupMember>(await Run("Get-LabGroupMember", new { User = bob }));
        Assert.Equal((group, bob), (found.GroupName, found.UserName));
        LabGroup lookup = One<LabGroup>(await Run("Get-LabGroup", new { Name = group }));
        Assert.Equal(2, (await Run("Get-LabGroupMember", null, [lookup])).Ok().Output.Count);
        (await Run("Remove-LabGroupMember", new { Force = true }, [found])).Ok();
        Assert.Equal(ann, One<LabGroupMember>(await Run("Get-LabGroupMember", new { Group = group })).UserName);
        LabUser complete = One<LabUser>(await Run("Get-LabUser", new { Name = ann, IncludeGroup = true, IncludeKey = true }));
        Assert.Equal([group], complete.Groups);
        Assert.Empty(complete.AccessKeys!);
        (await Run("Remove-LabGroup", new { Name = group, Force = true })).Ok();
        AssertError("NoSuchEntity", await Run("Get-LabGroup", new { Name = group }));
        Assert.Equal(ann, One<LabUser>(await Run("Get-LabUser", new { Name = ann })).Name);
    }

    [Fact]
    public async Task Inline_and_attached_policies_are_one_family_for_users_groups_and_roles()
    {
        string name = NewName(), managed = await ManagedAsync();
        object[] owners =
        [
            One<LabUser>(await Run("New-LabUser", new { Name = name })), One<LabGroup>(await Run("New-LabGroup", new { Name = name })),
            One<LabRole>(await Run("New-LabRole", new { Name = name, Service = "ec2" })),
        ];
        (await Run("Add-LabPolicyAttachment", new { Name = "read", Policy = ReadMovies }, owners)).Ok();
        Assert.Equal(3, (await Run("Add-LabPolicyAttachment", new { ManagedPolicy = managed, PassThru = true }, owners)).Ok().Output.Count);
        LabPolicyAttachment[] all = (await Run("Get-LabPolicyAttachment", null, owners)).Ok().OutputOf<LabPolicyAttachment>();
        Assert.Equal(6, all.Length);
        Assert.Equal(["Group", "Role", "User"], all.Where(policy => policy.IsInline).Select(policy => policy.PrincipalKind.ToString()).Order());

        // A plus in a document is a plus, encoded or not.
        Assert.All(all.Where(policy => policy.IsInline), policy => Assert.Equal("Allow s3:GetObject on arn:aws:s3:::movies/a+b/*", policy.Statement.Single().ToString()));
        Assert.All(all.Where(policy => !policy.IsInline), policy => Assert.Equal(managed, policy.PolicyArn));
        AssertError("DeleteConflict", await Run("Remove-LabRole", new { Name = name, Confirm = false }), "inline policy 'read'", managed);
        (await Run("Remove-LabPolicyAttachment", new { Force = true }, all.Where(policy => policy.IsInline))).Ok();
        (await Run("Remove-LabPolicyAttachment", new { Role = name, ManagedPolicy = managed, Force = true })).Ok();
        Assert.Equal(2, (await Run("Get-LabPolicyAttachment", null, owners)).Ok().Output.Count);
        AssertError("NoSuchEntity", await Run("Remove-LabPolicyAttachment", new { Role = name, Name = "read", Force = true }));
        (await Run("Remove-LabRole", new { Name = name, Confirm = false })).Ok();
        (await Run("Remove-LabGroup", new { Name = name, Force = true })).Ok();
        (await Run("Remove-LabUser", new { Name = name, Force = true })).Ok();
    }

    [Fact]
    public async Task Access_keys_are_created_with_their_secret_replaced_and_removed()
    {
        string name = NewName();
        (await Run("New-LabUser", new { Name = name })).Ok();
        CmdletResult created = (await Run("New-LabAccessKey", new { User = name })).Ok();
        string old = Assert.IsType<LabAccessKey>(Assert.Single(created.Output)).AccessKeyId;
        LabAccessKey found = One<LabAccessKey>(await Run("Get-LabAccessKey", new { User = name, IncludeLastUsed = true }));
        Assert.Equal((name, old, "Active"), (found.UserName, found.AccessKeyId, found.Status));

        CmdletResult dry = (await Run("Update-LabAccessKey", new { User = name, WhatIf = true })).Ok();
        Assert.Contains(dry.Information, line => line.Contains(old, StringComparison.Ordinal));
        string now = One<LabAccessKey>(await Run("Update-LabAccessKey", new { User = name })).AccessKeyId;
        Assert.NotEqual(old, now);
        Assert.Equal(now, One<LabAccessKey>(await Run("Get-LabAccessKey", new { User = name })).AccessKeyId);

        string third = One<LabAccessKey>(await Run("Update-LabAccessKey", new { User = name, KeepOld = true })).AccessKeyId;
        Assert.Equal(
            new[] { (now, "Inactive"), (third, "Active") }.Order(),
            (await Run("Get-LabAccessKey", new { User = name })).Ok().OutputOf<LabAccessKey>().Select(key => (key.AccessKeyId, key.Status)).Order());
        AssertError("AccessKeyAmbiguous", await Run("Update-LabAccessKey", new { User = name }), now, third);
        (await Run("Remove-LabAccessKey", new { AccessKeyId = now, User = name, Force = true })).Ok();
        (await Run("Remove-LabAccessKey", new { AccessKeyId = third, User = name, Deactivate = true, Force = true })).Ok();
        Assert.Equal("Inactive", One<LabAccessKey>(await Run("Get-LabAccessKey", new { User = name })).Status);
        (await Run("Remove-LabUser", new { Name = name, Force = true })).Ok();
    }

    [Fact]
    public async Task A_role_is_made_for_a_service_and_changed()
    {
        string name = NewName();
        LabRole made = One<LabRole>(await Run("New-LabRole", new { Name = name, Service = new[] { "ec2", "lambda.amazonaws.com" }, Policy = ReadMovies }));
        Assert.Equal(["ec2.amazonaws.com", "lambda.amazonaws.com"], made.TrustPolicy!.Statement.Single().Principal!.Service);
        LabRole changed = One<LabRole>(await Run("Set-LabRole", new { Name = name, Description = "a+b", MaxSessionDuration = 7200, TrustedPrincipal = "s3.amazonaws.com", PassThru = true }));
        Assert.Equal(("a+b", TimeSpan.FromHours(2)), (changed.Description, changed.MaxSessionDuration));
        Assert.Equal("s3.amazonaws.com", changed.TrustPolicy!.Statement.Single().Principal!.Service.Single());
        Assert.Equal(TimeSpan.FromHours(2), One<LabRole>(await Run("Set-LabRole", new { Name = name, Description = "c", PassThru = true })).MaxSessionDuration);
        LabRole waited = One<LabRole>(await Run("Wait-LabRole", new { Name = name, Exists = true }));
        Assert.Equal(name, waited.Name);
        (await Run("Remove-LabRole", new { Name = name, Force = true })).Ok();
        Assert.Empty((await Run("Wait-LabRole", new { Name = name, NotExists = true })).Ok().Output);
    }

    [Fact]
    public async Task A_role_is_waited_for_until_it_can_be_used()
    {
        string mine = NewName(), services = NewName();
        LabRole trusted = One<LabRole>(await Run("New-LabRole", new { Name = mine }));
        CmdletResult assumed = (await Run("Wait-LabRole", new { Usable = true }, [trusted])).Ok();
        Assert.Single(assumed.Output);
        Assert.Contains(assumed.Verbose, line => line.Contains("STS AssumeRole", StringComparison.Ordinal));

        (await Run("New-LabRole", new { Name = services, Service = "ec2" })).Ok();
        CmdletResult named = (await Run("Wait-LabRole", new { Name = services })).Ok();
        Assert.DoesNotContain(named.Verbose, line => line.Contains("AssumeRole:", StringComparison.Ordinal));
        Assert.DoesNotContain(
            (await Run("Get-LabRole", new { Name = "cloudlab-wait-*" })).Ok().OutputOf<LabRole>(), role => role.Description?.Contains(services, StringComparison.Ordinal) ?? false);
        AssertError("WaitTimeout", await Run("Wait-LabRole", new { Name = services + "-no", Timeout = 0 }), "it does not exist");
    }

    [Fact]
    public async Task A_wildcard_in_a_remove_asks_even_with_force()
    {
        string first = NewName(), second = NewName();
        (await Run("New-LabRole", new { Name = first, Service = "ec2" })).Ok();
        (await Run("New-LabRole", new { Name = second, Service = "ec2" })).Ok();
        CmdletResult nobody = await Run("Remove-LabRole", new { Name = mark + "*", Force = true });
        AssertError("ConfirmationNeeded", nobody, "2 roles");
        CmdletResult asked = await Run("Remove-LabRole", new { Name = mark + "*", Force = true }, answer: ConfirmAnswer.No);
        Assert.Equal(2, asked.Ok().Questions.Count);
        Assert.Equal(2, (await Run("Get-LabRole", new { Name = mark + "*" })).Ok().Output.Count);
        (await Run("Remove-LabRole", new { Name = mark + "*", Confirm = false })).Ok();
        Assert.Empty((await Run("Get-LabRole", new { Name = mark + "*" })).Ok().Output);
        AssertError("NoSuchEntity", await Run("Remove-LabRole", new { Name = mark + "*", Confirm = false }));
    }

    protected static T One<T>(CmdletResult result) => Assert.IsType<T>(Assert.Single(result.Ok().Output));

    protected static void AssertError(string id, CmdletResult result, params string[] parts)
    {
        ErrorRecord error = result.Error();
        Assert.StartsWith(id, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, error.Exception.Message, StringComparison.Ordinal));
    }

    protected string NewName() => $"{mark}-{++count}";

    protected Task<CmdletResult> Run(string cmdlet, object? parameters = null, IEnumerable<object?>? input = null, ConfirmAnswer? answer = null) =>
        CmdletRunner.RunAsync(cmdlet, parameters, input, answer: answer, session: Session);

    /// <summary>ARN of a managed policy that can be attached.</summary>
    protected virtual Task<string> ManagedAsync() => Task.FromResult("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess");

    /// <summary>The server's address and an administrator's keys.</summary>
    protected abstract ValueTask<SessionOptions> ConnectAsync();
}

/// <summary>What moto and the emulator have, and radosgw does not: managed policies, boundaries, instance profiles, tags of users.</summary>
public abstract class FullIamCmdletTest : IamCmdletTest
{
    [Fact]
    public async Task A_managed_policy_has_versions_and_one_in_force()
    {
        string name = NewName();
        LabPolicy made = One<LabPolicy>(await Run("New-LabPolicy", new { Name = name, Policy = ReadMovies, Description = "Reads", Tag = new Hashtable { ["a"] = "b" } }));
        Assert.Equal(("v1", "Reads"), (made.DefaultVersionId, made.Description));
        LabPolicy found = One<LabPolicy>(await Run("Get-LabPolicy", new { Name = name }));
        Assert.Equal(("Allow s3:GetObject on arn:aws:s3:::movies/a+b/*", "b"), (found.Document!.Statement.Single().ToString(), found.Tags["a"]));
        for (int version = 2; version <= 5; version++)
        {
            (await Run("Set-LabPolicy", new { Name = made.PolicyArn, Policy = ReadMovies })).Ok();
        }

        AssertError("LimitExceeded", await Run("Set-LabPolicy", new { Name = name, Policy = ReadMovies }), "5 is the limit", "v1");
        Assert.Equal("v6", One<LabPolicy>(await Run("Set-LabPolicy", new { Name = name, Policy = ReadMovies, Force = true, PassThru = true })).DefaultVersionId);
        LabPolicyVersion[] versions = (await Run("Get-LabPolicyVersion", null, [found])).Ok().OutputOf<LabPolicyVersion>();
        Assert.Equal(["v6", "v5", "v4", "v3", "v2"], versions.Select(version => version.VersionId));
        Assert.Equal("v6", versions.Single(version => version.IsDefault).VersionId);
        Assert.NotNull(versions[0].Document);
        AssertError("DeleteConflict", await Run("Remove-LabPolicyVersion", new { Name = name, VersionId = "v6", Force = true }));
        (await Run("Set-LabPolicy", new { Name = name, DefaultVersion = "v2" })).Ok();
        (await Run("Remove-LabPolicyVersion", new { Force = true }, [versions[0]])).Ok();

        string user = NewName();
        One<LabUser>(await Run("New-LabUser", new { Name = user }));
        (await Run("Add-LabPolicyAttachment", new { User = user }, [found])).Ok();
        Assert.Equal(1, One<LabPolicy>(await Run("Get-LabPolicy", new { Name = name })).AttachmentCount);
        if (RefusesAttached)
        {
            AssertError("DeleteConflict", await Run("Remove-LabPolicy", new { Name = name, Confirm = false }), $"user '{user}'", "v3");
        }

        (await Run("Remove-LabPolicy", new { Name = name, Force = true })).Ok();
        AssertError("NoSuchEntity", await Run("Get-LabPolicy", new { Name = name }));
        AssertError("ArnInvalid", await Run("Get-LabPolicy", new { Name = "arn:aws:iam::123456789012:role/lab/x" }));
    }

    [Fact]
    public async Task A_role_has_managed_policies_a_boundary_and_an_instance_profile()
    {
        string name = NewName(), nested = NewName();
        LabPolicy policy = One<LabPolicy>(await Run("New-LabPolicy", new { Name = nested, Policy = ReadMovies, Path = "/a/b/" }));
        try
        {
            LabRole role = One<LabRole>(await Run("New-LabRole", new { Name = name, Service = "ec2", ManagedPolicy = nested, PermissionsBoundary = policy.PolicyArn }));
            Assert.Equal((policy.PolicyArn, policy.PolicyArn), (Assert.Single(role.AttachedPolicies!), role.PermissionsBoundary));
            Assert.Equal(policy.PolicyArn, One<LabRole>(await Run("Get-LabRole", new { Name = name })).PermissionsBoundary);
            LabInstanceProfile profile = One<LabInstanceProfile>(await Run("New-LabInstanceProfile", null, [role]));
            Assert.Equal((name, name), (profile.Name, profile.RoleName));
            Assert.Equal(name, One<LabRole>(await Run("Get-LabRole", null, [One<LabInstanceProfile>(await Run("Get-LabInstanceProfile", new { Name = name }))])).Name);
            AssertError("DeleteConflict", await Run("Remove-LabRole", new { Name = name, Confirm = false }), $"instance profile '{name}'", policy.PolicyArn);
            AssertError("DeleteConflict", await Run("Remove-LabPolicy", new { Name = policy.PolicyArn, Force = true }), $"permissions boundary of role '{name}'");
            (await Run("Set-LabRole", new { Name = name, RemovePermissionsBoundary = true })).Ok();
            Assert.Null(One<LabRole>(await Run("Get-LabRole", new { Name = name })).PermissionsBoundary);
            (await Run("Remove-LabInstanceProfileRole", new { Force = true }, [profile])).Ok();
            (await Run("Add-LabInstanceProfileRole", new { Name = name, Role = name })).Ok();
            AssertError("LimitExceeded", await Run("Add-LabInstanceProfileRole", new { Name = name, Role = name }));
            (await Run("Remove-LabRole", new { Name = name, Force = true })).Ok();
            Assert.Null(One<LabInstanceProfile>(await Run("Get-LabInstanceProfile", new { Name = name })).RoleName);
            (await Run("Remove-LabInstanceProfile", new { Name = name, Confirm = false })).Ok();
        }
        finally
        {
            (await Run("Remove-LabPolicy", new { Name = policy.PolicyArn, Force = true })).Ok();
        }
    }

    [Fact]
    public async Task Tags_become_what_is_given()
    {
        string name = NewName();
        (await Run("New-LabUser", new { Name = name, Tag = new Hashtable { ["a"] = "1", ["b"] = "2" } })).Ok();
        LabUser user = One<LabUser>(await Run("Set-LabUser", new { Name = name, Tag = new Hashtable { ["b"] = "3", ["c"] = "4" }, PassThru = true }));
        Assert.Equal(["b=3", "c=4"], user.Tags.Select(tag => $"{tag.Key}={tag.Value}").Order());
        Assert.Empty(One<LabUser>(await Run("Set-LabUser", new { Name = name, Tag = new Hashtable(), PassThru = true })).Tags);
    }

    /// <summary>Whether the server keeps a policy that is attached, as AWS does; moto removes it.</summary>
    protected virtual bool RefusesAttached => true;

    protected override async Task<string> ManagedAsync()
    {
        string name = NewName();
        LabPolicy policy = One<LabPolicy>(await Run("New-LabPolicy", new { Name = name, Policy = ReadMovies }));
        return policy.PolicyArn;
    }
}

[Trait("Area", "Identity")]
public sealed class IamCmdletTestsOnEmulator : FullIamCmdletTest
{
    private LabEmulator? emulator;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (emulator is not null)
        {
            await emulator.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_policy_that_is_too_large_is_told_by_how_much()
    {
        string large = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/{{new string('x', 2000)}}"}]}""";
        (await Run("New-LabUser", new { Name = "ann" })).Ok();
        (await Run("Add-LabPolicyAttachment", new { User = "ann", Name = "small", Policy = ReadMovies })).Ok();
        AssertError("LimitExceeded", await Run("Add-LabPolicyAttachment", new { User = "ann", Name = "big", Policy = large }), "2,235 characters", "187 more than the 2,048");
        string managed = large.Replace(new string('x', 2000), new string('x', 6100), StringComparison.Ordinal);
        AssertError("LimitExceeded", await Run("New-LabPolicy", new { Name = "big", Policy = managed }), "more than the 6,144");
    }

    [Fact]
    public async Task Users_and_their_keys_have_ids_of_their_kind_and_uses_are_noted()
    {
        LabUser user = One<LabUser>(await Run("New-LabUser", new { Name = "ann" }));
        Assert.StartsWith("AIDA", user.UserId, StringComparison.Ordinal);
        Assert.StartsWith("AGPA", One<LabGroup>(await Run("New-LabGroup", new { Name = "g" })).GroupId, StringComparison.Ordinal);
        Assert.StartsWith("ANPA", One<LabPolicy>(await Run("New-LabPolicy", new { Name = "p", Policy = ReadMovies })).PolicyId, StringComparison.Ordinal);
        Assert.StartsWith("AIPA", One<LabInstanceProfile>(await Run("New-LabInstanceProfile", new { Name = "i" })).InstanceProfileId, StringComparison.Ordinal);
        (LabAccessKey key, AwsKeys secret) = await new AccessKeyStore(new IdentityClient(Session)).CreateAsync("ann", Cancellation);
        Assert.StartsWith("AKIA", key.AccessKeyId, StringComparison.Ordinal);
        Assert.Null(One<LabAccessKey>(await Run("Get-LabAccessKey", new { User = "ann", IncludeLastUsed = true })).LastUsed);
        LabSession own = LabSession.Resolve(new SessionOptions { Keys = secret }, "test", Session);
        (await CmdletRunner.RunAsync("Get-LabCallerIdentity", new { Session = own })).Ok();
        LabAccessKey used = One<LabAccessKey>(await Run("Get-LabAccessKey", new { User = "ann", IncludeLastUsed = true }));
        Assert.Equal("sts", used.LastUsedService);
        Assert.Equal(DateTimeOffset.UtcNow, used.LastUsed!.Value, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Groups_managed_policies_and_boundaries_decide()
    {
        (await Run("New-LabGroup", new { Name = "readers" })).Ok();
        (await Run("New-LabUser", new { Name = "ann", Group = "readers" })).Ok();
        (_, AwsKeys secret) = await new AccessKeyStore(new IdentityClient(Session)).CreateAsync("ann", Cancellation);
        LabSession ann = LabSession.Resolve(new SessionOptions { Keys = secret }, "test", Session);
        Task<CmdletResult> ListAsync(string noun) => CmdletRunner.RunAsync("Get-" + noun, new { Session = ann });

        AssertError("AccessDenied", await ListAsync("LabUser"));
        (await Run("Add-LabPolicyAttachment", new { Group = "readers", ManagedPolicy = "IAMReadOnlyAccess" })).Ok();
        (await ListAsync("LabUser")).Ok();
        (await ListAsync("LabRole")).Ok();
        (await Run("New-LabPolicy", new { Name = "only-users", Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}""" })).Ok();
        (await Run("Set-LabUser", new { Name = "ann", PermissionsBoundary = "only-users" })).Ok();
        (await ListAsync("LabUser")).Ok();
        AssertError("AccessDenied", await ListAsync("LabRole"), "permissions boundary");
        (await Run("Set-LabPolicy", new { Name = "only-users", Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:List*","Resource":"*"}]}""" })).Ok();
        (await ListAsync("LabRole")).Ok();
        (await Run("Set-LabPolicy", new { Name = "only-users", DefaultVersion = "v1" })).Ok();
        AssertError("AccessDenied", await ListAsync("LabRole"));
        (await Run("Remove-LabGroupMember", new { Group = "readers", User = "ann", Force = true })).Ok();
        AssertError("AccessDenied", await ListAsync("LabUser"));
    }

    [Fact]
    public async Task What_a_deleted_user_leaves_in_a_trust_policy_is_shown_as_such()
    {
        LabUser ann = One<LabUser>(await Run("New-LabUser", new { Name = "ann" }));
        Assert.Empty(One<LabRole>(await Run("New-LabRole", new { Name = "viewer", TrustedPrincipal = ann.UserArn })).DeletedPrincipals);
        (await Run("Remove-LabUser", new { Name = "ann", Force = true })).Ok();
        (await Run("New-LabUser", new { Name = "ann" })).Ok();
        Assert.Equal([ann.UserId], One<LabRole>(await Run("Get-LabRole", new { Name = "viewer" })).DeletedPrincipals);
    }

    [Fact]
    public async Task A_session_of_its_own_key_goes_on_with_the_new_one()
    {
        (await Run("New-LabUser", new { Name = "ann" })).Ok();
        (await Run("Add-LabPolicyAttachment", new { User = "ann", ManagedPolicy = "IAMFullAccess" })).Ok();
        (LabAccessKey old, AwsKeys secret) = await new AccessKeyStore(new IdentityClient(Session)).CreateAsync("ann", Cancellation);
        LabSession ann = LabSession.Resolve(new SessionOptions { Keys = secret }, "test", Session);
        CmdletResult result = (await CmdletRunner.RunAsync("Update-LabAccessKey", new { Session = ann })).Ok();
        Assert.Contains(old.AccessKeyId, Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.NotEqual(old.AccessKeyId, One<LabAccessKey>(await Run("Get-LabAccessKey", new { User = "ann" })).AccessKeyId);
        Assert.Equal("InvalidClientTokenId", (await CmdletRunner.RunAsync("Get-LabCallerIdentity", new { Session = ann })).TerminatingError!.FullyQualifiedErrorId.Split(',')[0]);
    }

    [Theory]
    [InlineData("PrincipalInvalid", "TrustedPrincipal", "ec2", "ec2.amazonaws.com")]
    [InlineData("PrincipalInvalid", "TrustedPrincipal", "ec2.amazonaws.com,lambda.amazonaws.com", "give several as a list")]
    [InlineData("ServiceInvalid", "Service", "ec2,lambda")]
    [InlineData("ServiceInvalid", "Service", "ecc2", "did you mean 'ec2'?", "ecc2.amazonaws.com")]
    [InlineData("RepositoryInvalid", "GitHubRepository", "acme/site:main", "acme/site:ref:refs/heads/main")]
    [InlineData("SubjectMissing", "Federated", "arn:aws:iam::123456789012:oidc-provider/x.example")]
    [InlineData("ProviderInvalid", "Federated", "x.example", "Subject=*")]
    [InlineData("RepositoryInvalid", "GitHubRepository", "*/movies")]
    public async Task Trust_that_cannot_be_meant_is_refused(string id, string parameter, string value, params string[] parts)
    {
        Dictionary<string, object> parameters = new() { ["Name"] = "x", [parameter] = value, ["Session"] = Session };
        foreach (string[] more in parts.Where(part => part.StartsWith("Subject=", StringComparison.Ordinal)).Select(part => part.Split('=')))
        {
            parameters[more[0]] = more[1];
        }

        AssertError(id, await CmdletRunner.RunAsync("New-LabRole", parameters), [.. parts.Where(part => !part.StartsWith("Subject=", StringComparison.Ordinal))]);
        Assert.Empty((await Run("Get-LabRole")).Ok().Output);
    }

    [Fact]
    public async Task Presets_write_the_conditions_of_web_identity()
    {
        LabRole eks = One<LabRole>(await Run("New-LabRole", new
        {
            Name = "eks", Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/5A1C", ServiceAccount = "movies/site",
        }));
        Assert.Equal(
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/5A1C"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.eks.eu-central-1.amazonaws.com/id/5A1C:aud":"sts.amazonaws.com","oidc.eks.eu-central-1.amazonaws.com/id/5A1C:sub":"system:serviceaccount:movies:site"}}}]}""",
            eks.TrustPolicy!.ToJson(indented: false));
        LabRole github = One<LabRole>(await Run("New-LabRole", new { Name = "gh", GitHubRepository = new[] { "org/movies:ref:refs/heads/main", "org/site" } }));
        Assert.Equal(
            $$$$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::{{{{emulator!.Info.AccountId}}}}:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":["repo:org/movies:ref:refs/heads/main","repo:org/site:*"]}}}]}""",
            github.TrustPolicy!.ToJson(indented: false));
        LabRole account = One<LabRole>(await Run("New-LabRole", new { Name = "acc", Account = "210987654321", ExternalId = "42", RequireMfa = true }));
        Assert.Contains("""{"StringEquals":{"sts:ExternalId":"42"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}""", account.TrustPolicy!.ToJson(indented: false), StringComparison.Ordinal);
    }

    protected override async ValueTask<SessionOptions> ConnectAsync()
    {
        emulator = await LabEmulator.StartAsync(null, Cancellation);
        return emulator.Info.GetSessionOptions();
    }
}

[Trait("Area", "Identity")]
[Trait("Server", "moto")]
public sealed class IamCmdletTestsOnMoto : FullIamCmdletTest
{
    protected override bool RefusesAttached => false;

    [Fact]
    public async Task A_role_with_a_name_that_IAM_forbids_can_be_removed()
    {
        string name = NewName() + " odd/[x]";
        IdentityClient client = new(Session);
        await client.IamAsync("CreateRole", "x", null, Cancellation, ("RoleName", name), ("AssumeRolePolicyDocument", RoleTrust.Service(["ec2"]).ToJson()));
        (await Run("Remove-LabRole", new { Name = name, Force = true })).Ok();
        AssertError("NoSuchEntity", await Run("Remove-LabRole", new { Name = name, Force = true }));
    }

    protected override ValueTask<SessionOptions> ConnectAsync() =>
        ValueTask.FromResult(new SessionOptions { EndpointUrl = TestServers.Moto(), Keys = new AwsKeys("testing", "testing"), Region = "us-east-1" });
}

[Trait("Area", "Identity")]
[Trait("Server", "s3")]
public sealed class IamCmdletTestsOnCeph : IamCmdletTest
{
    [Fact]
    public async Task What_it_does_not_have_is_said()
    {
        AssertError("MethodNotAllowed", await Run("Get-LabInstanceProfile"), "does not offer this IAM operation");
        AssertError("MethodNotAllowed", await Run("New-LabPolicy", new { Name = NewName(), Policy = ReadMovies }));
    }

    protected override ValueTask<SessionOptions> ConnectAsync()
    {
        (Uri url, AwsKeys keys) = TestServers.Ceph();
        return ValueTask.FromResult(new SessionOptions { EndpointUrl = url, Keys = keys });
    }
}
