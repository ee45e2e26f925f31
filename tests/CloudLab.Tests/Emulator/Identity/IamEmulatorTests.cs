using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Emulator.Identity;

/// <summary>IAM of the emulator, spoken to by our own Query client.</summary>
[Trait("Area", "Identity")]
public sealed class IamEmulatorTests : IAsyncLifetime
{
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}""";
    private const string ReadAll = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}""";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-iam-").FullName;
    private LabEmulator emulator = null!;
    private IdentityClient root = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Account => emulator.Info.AccountId;

    public async ValueTask InitializeAsync() => await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await emulator.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_role_is_created_found_and_removed()
    {
        XElement role = await Call("CreateRole", ("RoleName", "viewer"), ("AssumeRolePolicyDocument", Trust), ("Path", "/app/"),
            ("Description", "Sieht Filme: ü & <x>"), ("MaxSessionDuration", "7200"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "films"));
        Assert.Equal($"arn:aws:iam::{Account}:role/app/viewer", role.Element("Role")!.Element("Arn")!.Value);
        XElement found = (await Call("GetRole", ("RoleName", "VIEWER"))).Element("Role")!;
        Assert.Equal("viewer", found.Element("RoleName")!.Value);
        Assert.Equal("Sieht Filme: ü & <x>", found.Element("Description")!.Value);
        Assert.Equal("7200", found.Element("MaxSessionDuration")!.Value);
        Assert.Equal("films", found.Element("Tags")!.Element("member")!.Element("Value")!.Value);
        Assert.Equal(Trust, Uri.UnescapeDataString(found.Element("AssumeRolePolicyDocument")!.Value));
        Assert.Matches("^AROA[A-Z2-7]{17}$", found.Element("RoleId")!.Value);

        await Call("DeleteRole", ("RoleName", "viewer"));
        await Fails("NoSuchEntity", 404, "GetRole", ("RoleName", "viewer"));
    }

    [Fact]
    public async Task Policies_of_roles_are_put_listed_read_and_deleted()
    {
        await Role("viewer");
        await Call("PutRolePolicy", ("RoleName", "viewer"), ("PolicyName", "b"), ("PolicyDocument", ReadAll));
        await Call("PutRolePolicy", ("RoleName", "viewer"), ("PolicyName", "a"), ("PolicyDocument", ReadAll));
        await Call("PutRolePolicy", ("RoleName", "viewer"), ("PolicyName", "a"), ("PolicyDocument", ReadAll.Replace("Get*", "*", StringComparison.Ordinal)));
        Assert.Equal(["a", "b"], Members(await Call("ListRolePolicies", ("RoleName", "viewer")), "PolicyNames"));
        string text = (await Call("GetRolePolicy", ("RoleName", "viewer"), ("PolicyName", "a"))).Element("PolicyDocument")!.Value;
        Assert.StartsWith("%7B%22Version%22", text, StringComparison.Ordinal);
        Assert.Contains("s3:*", Uri.UnescapeDataString(text), StringComparison.Ordinal);

        await Fails("DeleteConflict", 409, "DeleteRole", ("RoleName", "viewer"));
        await Fails("NoSuchEntity", 404, "GetRolePolicy", ("RoleName", "viewer"), ("PolicyName", "c"));
        await Fails("NoSuchEntity", 404, "DeleteRolePolicy", ("RoleName", "viewer"), ("PolicyName", "c"));
        await Call("DeleteRolePolicy", ("RoleName", "viewer"), ("PolicyName", "a"));
        await Call("DeleteRolePolicy", ("RoleName", "viewer"), ("PolicyName", "b"));
        await Call("DeleteRole", ("RoleName", "viewer"));
    }

    [Fact]
    public async Task Lists_come_in_pages_and_by_path()
    {
        for (int i = 0; i < 7; i++)
        {
            await Role("r" + i, i % 2 == 0 ? "/even/" : "/odd/");
        }

        XElement first = await Call("ListRoles", ("MaxItems", "3"));
        Assert.Equal(["r0", "r1", "r2"], Names(first, "Roles", "RoleName"));
        Assert.Equal("true", first.Element("IsTruncated")!.Value);
        XElement second = await Call("ListRoles", ("MaxItems", "3"), ("Marker", first.Element("Marker")!.Value));
        Assert.Equal(["r3", "r4", "r5"], Names(second, "Roles", "RoleName"));
        XElement third = await Call("ListRoles", ("MaxItems", "3"), ("Marker", second.Element("Marker")!.Value));
        Assert.Equal(["r6"], Names(third, "Roles", "RoleName"));
        Assert.Equal("false", third.Element("IsTruncated")!.Value);
        Assert.Null(third.Element("Marker"));
        Assert.Equal(["r1", "r3", "r5"], Names(await Call("ListRoles", ("PathPrefix", "/odd/")), "Roles", "RoleName"));
        await Fails("ValidationError", 400, "ListRoles", ("MaxItems", "0"));
        await Fails("ValidationError", 400, "ListRoles", ("Marker", "not base64!"));
    }

    [Theory]
    [InlineData("CreateRole", "EntityAlreadyExists", 409, "RoleName=viewer", "AssumeRolePolicyDocument=" + Trust)]
    [InlineData("CreateRole", "EntityAlreadyExists", 409, "RoleName=Viewer", "AssumeRolePolicyDocument=" + Trust)]
    [InlineData("CreateRole", "ValidationError", 400, "RoleName=a b", "AssumeRolePolicyDocument=" + Trust)]
    [InlineData("CreateRole", "ValidationError", 400, "AssumeRolePolicyDocument=" + Trust)]
    [InlineData("CreateRole", "ValidationError", 400, "RoleName=x")]
    [InlineData("CreateRole", "ValidationError", 400, "RoleName=x", "AssumeRolePolicyDocument=" + Trust, "Path=app")]
    [InlineData("CreateRole", "ValidationError", 400, "RoleName=x", "AssumeRolePolicyDocument=" + Trust, "MaxSessionDuration=43201")]
    [InlineData("CreateRole", "MalformedPolicyDocument", 400, "RoleName=x", "AssumeRolePolicyDocument={")]
    [InlineData("CreateRole", "MalformedPolicyDocument", 400, "RoleName=x", "AssumeRolePolicyDocument=" + ReadAll)]
    [InlineData("CreateRole", "InvalidInput", 400, "RoleName=x", "AssumeRolePolicyDocument=" + Trust, "Tags.member.1.Key=a", "Tags.member.1.Value=1", "Tags.member.2.Key=A", "Tags.member.2.Value=2")]
    [InlineData("PutRolePolicy", "MalformedPolicyDocument", 400, "RoleName=viewer", "PolicyName=p", "PolicyDocument=" + Trust)]
    [InlineData("PutRolePolicy", "NoSuchEntity", 404, "RoleName=nobody", "PolicyName=p", "PolicyDocument=" + ReadAll)]
    [InlineData("UpdateAssumeRolePolicy", "MalformedPolicyDocument", 400, "RoleName=viewer", "PolicyDocument=" + ReadAll)]
    [InlineData("DeleteRole", "NoSuchEntity", 404, "RoleName=nobody")]
    [InlineData("GetUser", "NoSuchEntity", 404, "UserName=nobody")]
    [InlineData("CreateAccessKey", "NoSuchEntity", 404, "UserName=nobody")]
    [InlineData("CreateAccessKey", "ValidationError", 400)]
    [InlineData("NoSuchAction", "InvalidAction", 400)]
    public async Task Bad_input_is_refused_as_IAM_refuses_it(string action, string code, int status, params string[] parameters)
    {
        await Role("viewer");
        await Fails(code, status, action, [.. parameters.Select(p => p.Split('=', 2)).Select(p => (p[0], (string?)p[1]))]);
        Assert.Equal(["viewer"], Names(await Call("ListRoles"), "Roles", "RoleName"));
    }

    [Fact]
    public async Task A_principal_that_is_not_there_cannot_be_trusted()
    {
        string TrustIn(string arn) => Trust.Replace("\"*\"", $"\"{arn}\"", StringComparison.Ordinal);
        await Fails("MalformedPolicyDocument", 400, "CreateRole",
            ("RoleName", "r"), ("AssumeRolePolicyDocument", TrustIn($"arn:aws:iam::{Account}:user/ann")));
        await Call("CreateUser", ("UserName", "ann"));
        await Call("CreateRole", ("RoleName", "r"), ("AssumeRolePolicyDocument", TrustIn($"arn:aws:iam::{Account}:user/ann")));
        await Call("UpdateAssumeRolePolicy", ("RoleName", "r"), ("PolicyDocument", TrustIn($"arn:aws:iam::{Account}:role/r")));
        await Call("UpdateAssumeRolePolicy", ("RoleName", "r"), ("PolicyDocument", TrustIn("arn:aws:iam::999999999999:user/somebody")));
        await Fails("MalformedPolicyDocument", 400, "UpdateAssumeRolePolicy", ("RoleName", "r"), ("PolicyDocument", TrustIn("ann")));
    }

    [Fact]
    public async Task Policies_have_a_size_limit()
    {
        await Role("viewer");
        string Large(int size) => ReadAll.Replace("\"*\"", $"\"arn:aws:s3:::{new string('x', size)}\"", StringComparison.Ordinal);
        await Call("PutRolePolicy", ("RoleName", "viewer"), ("PolicyName", "a"), ("PolicyDocument", Large(9000)));
        await Fails("LimitExceeded", 409, "PutRolePolicy", ("RoleName", "viewer"), ("PolicyName", "b"), ("PolicyDocument", Large(2000)));
        await Call("PutRolePolicy", ("RoleName", "viewer"), ("PolicyName", "a"), ("PolicyDocument", Large(10000)));
    }

    [Fact]
    public async Task Users_have_two_keys_at_most_and_inactive_ones_do_not_open()
    {
        await Call("CreateUser", ("UserName", "ann"), ("Path", "/staff/"));
        await Call("PutUserPolicy", ("UserName", "ann"), ("PolicyName", "self"), ("PolicyDocument",
            """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:GetUser","iam:ListAccessKeys"],"Resource":"arn:aws:iam::*:user/staff/${aws:username}"}}"""));
        (IdentityClient ann, string id) = await KeyOf("ann");
        XElement user = (await ann.IamAsync("GetUser", "me", null, Cancellation)).Element("User")!;
        Assert.Equal($"arn:aws:iam::{Account}:user/staff/ann", user.Element("Arn")!.Value);

        LabException denied = await Assert.ThrowsAsync<LabException>(() => ann.IamAsync("ListUsers", "all", null, Cancellation));
        Assert.Equal((LabErrorKind.AccessDenied, "AccessDenied"), (denied.Kind, denied.Code));
        Assert.Contains($"User: arn:aws:iam::{Account}:user/staff/ann is not authorized to perform: iam:ListUsers", denied.Message, StringComparison.Ordinal);
        Assert.Contains("because no identity-based policy allows the iam:ListUsers action", denied.Message, StringComparison.Ordinal);

        await Call("CreateAccessKey", ("UserName", "ann"));
        await Fails("LimitExceeded", 409, "CreateAccessKey", ("UserName", "ann"));
        await Call("UpdateAccessKey", ("UserName", "ann"), ("AccessKeyId", id), ("Status", "Inactive"));
        await Fails("ValidationError", 400, "UpdateAccessKey", ("UserName", "ann"), ("AccessKeyId", id), ("Status", "Off"));
        LabException closed = await Assert.ThrowsAsync<LabException>(() => ann.IamAsync("GetUser", "me", null, Cancellation));
        Assert.Equal((LabErrorKind.AuthenticationFailed, "InvalidClientTokenId"), (closed.Kind, closed.Code));
        await Call("UpdateAccessKey", ("UserName", "ann"), ("AccessKeyId", id), ("Status", "Active"));
        await ann.IamAsync("GetUser", "me", null, Cancellation);

        await Fails("DeleteConflict", 409, "DeleteUser", ("UserName", "ann"));
        foreach (string key in Names(await Call("ListAccessKeys", ("UserName", "ann")), "AccessKeyMetadata", "AccessKeyId"))
        {
            await Call("DeleteAccessKey", ("UserName", "ann"), ("AccessKeyId", key));
        }

        await Fails("DeleteConflict", 409, "DeleteUser", ("UserName", "ann"));
        await Call("DeleteUserPolicy", ("UserName", "ann"), ("PolicyName", "self"));
        await Call("DeleteUser", ("UserName", "ann"));
        Assert.Empty(Names(await Call("ListUsers"), "Users", "UserName"));
    }

    [Fact]
    public async Task Tags_are_set_listed_and_taken_away()
    {
        await Role("viewer");
        await Call("TagRole", ("RoleName", "viewer"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a"), ("Tags.member.2.Key", "cost"), ("Tags.member.2.Value", ""));
        await Call("TagRole", ("RoleName", "viewer"), ("Tags.member.1.Key", "TEAM"), ("Tags.member.1.Value", "b"));
        XElement tags = await Call("ListRoleTags", ("RoleName", "viewer"));
        Assert.Equal(["cost", "team"], Names(tags, "Tags", "Key"));
        Assert.Equal(["", "b"], Names(tags, "Tags", "Value"));
        await Call("UntagRole", ("RoleName", "viewer"), ("TagKeys.member.1", "team"));
        Assert.Equal(["cost"], Names(await Call("ListRoleTags", ("RoleName", "viewer")), "Tags", "Key"));
    }

    [Fact]
    public async Task Policies_can_look_at_the_callers_tags()
    {
        await Call("CreateUser", ("UserName", "ann"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "films"));
        await Call("PutUserPolicy", ("UserName", "ann"), ("PolicyName", "p"), ("PolicyDocument",
            """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"films"}}}}"""));
        (IdentityClient ann, _) = await KeyOf("ann");
        await ann.IamAsync("ListRoles", "roles", null, Cancellation);
        await Call("TagUser", ("UserName", "ann"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "books"));
        Assert.Equal("AccessDenied", (await Assert.ThrowsAsync<LabException>(() => ann.IamAsync("ListRoles", "roles", null, Cancellation))).Code);
    }

    [Fact]
    public async Task What_is_kept_in_a_folder_is_there_again()
    {
        await Role("viewer");
        await Call("PutRolePolicy", ("RoleName", "viewer"), ("PolicyName", "p"), ("PolicyDocument", ReadAll));
        await Call("CreateUser", ("UserName", "ann"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "films"));
        (_, string id) = await KeyOf("ann");
        RoleCredentials session = await new CallerStore(root).AssumeAsync($"arn:aws:iam::{Account}:role/viewer", "s1", null, null, null, null, Cancellation);

        await emulator.DisposeAsync();
        await StartAsync();
        Assert.Equal(["p"], Members(await Call("ListRolePolicies", ("RoleName", "Viewer")), "PolicyNames"));
        Assert.Equal([id], Names(await Call("ListAccessKeys", ("UserName", "ann")), "AccessKeyMetadata", "AccessKeyId"));
        await Call("TagUser", ("UserName", "ann"), ("Tags.member.1.Key", "TEAM"), ("Tags.member.1.Value", "x"));
        Assert.Single(Names(await Call("ListUserTags", ("UserName", "ann")), "Tags", "Key"));
        LabSession as1 = LabSession.Resolve(emulator.Info.GetSessionOptions() with { Keys = session.Keys }, "test");
        Assert.EndsWith("assumed-role/viewer/s1", (await new CallerStore(new IdentityClient(as1)).GetIdentityAsync(Cancellation)).Arn, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            string file = Directory.GetFiles(folder, "account.json", SearchOption.AllDirectories).Single();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task An_account_that_cannot_be_read_is_not_overwritten()
    {
        await Role("viewer");
        await emulator.DisposeAsync();
        string file = Directory.GetFiles(folder, "account.json", SearchOption.AllDirectories).Single();
        string good = File.ReadAllText(file);
        File.WriteAllText(file, good[..^10]);
        LabException error = await Assert.ThrowsAsync<LabException>(StartAsync);
        Assert.Equal("AccountUnreadable", error.Code);
        File.WriteAllText(file, good);
        await StartAsync();
        Assert.Equal(["viewer"], Names(await Call("ListRoles"), "Roles", "RoleName"));
    }

    private static IEnumerable<string> Members(XElement result, string list) => result.Element(list)!.Elements("member").Select(m => m.Value);

    private static IEnumerable<string> Names(XElement result, string list, string name) =>
        result.Element(list)!.Elements("member").Select(m => m.Element(name)!.Value);

    private async Task StartAsync()
    {
        emulator = await LabEmulator.StartAsync(new EmulatorOptions { DataPath = folder }, Cancellation);
        root = new IdentityClient(LabSession.Resolve(emulator.Info.GetSessionOptions(), "test"));
    }

    private Task<XElement> Role(string name, string? path = null) =>
        Call("CreateRole", ("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", Trust));

    private async Task<(IdentityClient Client, string Id)> KeyOf(string user)
    {
        XElement key = (await Call("CreateAccessKey", ("UserName", user))).Element("AccessKey")!;
        string id = key.Element("AccessKeyId")!.Value;
        AwsKeys keys = new(id, key.Element("SecretAccessKey")!.Value);
        return (new IdentityClient(LabSession.Resolve(emulator.Info.GetSessionOptions() with { Keys = keys }, "test")), id);
    }

    private Task<XElement> Call(string action, params (string, string?)[] parameters) =>
        root.IamAsync(action, action, null, Cancellation, parameters);

    private async Task Fails(string code, int status, string action, params (string, string?)[] parameters)
    {
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(action, parameters));
        Assert.Equal((code, (int?)status), (error.Code, error.StatusCode));
        Assert.False(string.IsNullOrEmpty(error.RequestId));
    }
}
