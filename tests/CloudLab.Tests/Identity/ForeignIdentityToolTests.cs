using System.Diagnostics;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity;

/// <summary>IAM and STS of the emulator, and the profiles we write, under tools that no one here wrote.</summary>
[Trait("Area", "Identity")]
[Trait("Server", "aws-tools")]
public sealed class ForeignIdentityToolTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-tools-").FullName;
    private LabEmulator emulator = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => emulator = await LabEmulator.StartAsync(null, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await emulator.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Boto3_works_with_users_roles_policies_and_sessions()
    {
        string script = Path.Combine(folder, "identity.py");
        await File.WriteAllTextAsync(script, """
            import boto3, json, os
            from botocore.exceptions import ClientError
            url = os.environ['AWS_ENDPOINT_URL']
            iam = boto3.client('iam', endpoint_url=url); sts = boto3.client('sts', endpoint_url=url)
            def code(call, **parameters):
                try: call(**parameters)
                except ClientError as e: return e.response['Error']['Code'], e.response['ResponseMetadata']['HTTPStatusCode']
                return None
            def client(service, keys):
                return boto3.client(service, endpoint_url=url, aws_access_key_id=keys['AccessKeyId'],
                    aws_secret_access_key=keys['SecretAccessKey'], aws_session_token=keys.get('SessionToken'))
            def policy(*statements): return json.dumps({'Version': '2012-10-17', 'Statement': list(statements)})
            account = sts.get_caller_identity()['Account']

            ann = iam.create_user(UserName='ann', Path='/staff/', Tags=[{'Key': 'team', 'Value': 'films'}])['User']
            assert ann['Arn'] == f'arn:aws:iam::{account}:user/staff/ann' and ann['Tags'][0]['Value'] == 'films'
            keys = iam.create_access_key(UserName='ann')['AccessKey']
            assert client('sts', keys).get_caller_identity()['Arn'] == ann['Arn']
            assert code(client('iam', keys).list_users) == ('AccessDenied', 403)
            trust = policy({'Effect': 'Allow', 'Principal': {'AWS': ann['Arn']}, 'Action': 'sts:AssumeRole'})
            role = iam.create_role(RoleName='viewer', AssumeRolePolicyDocument=trust, Description='ü & <x>', MaxSessionDuration=7200)['Role']
            assert role['AssumeRolePolicyDocument'] == json.loads(trust) and role['Description'] == 'ü & <x>'
            assert code(iam.create_role, RoleName='viewer', AssumeRolePolicyDocument=trust) == ('EntityAlreadyExists', 409)
            assert code(iam.create_role, RoleName='broken', AssumeRolePolicyDocument='{') == ('MalformedPolicyDocument', 400)
            read = policy({'Effect': 'Allow', 'Action': ['iam:ListRoles', 'iam:ListUsers'], 'Resource': '*'})
            iam.put_role_policy(RoleName='viewer', PolicyName='read', PolicyDocument=read)
            assert iam.get_role_policy(RoleName='viewer', PolicyName='read')['PolicyDocument'] == json.loads(read)

            only = policy({'Effect': 'Allow', 'Action': 'iam:ListRoles', 'Resource': '*'})
            answer = client('sts', keys).assume_role(RoleArn=role['Arn'], RoleSessionName='s1', DurationSeconds=900, Policy=only)
            assert answer['AssumedRoleUser']['Arn'].endswith(':assumed-role/viewer/s1')
            session = client('iam', answer['Credentials'])
            session.list_roles()
            assert code(session.list_users) == ('AccessDenied', 403)
            assert code(sts.assume_role, RoleArn=role['Arn'], RoleSessionName='s1') == ('AccessDenied', 403)
            broken = dict(answer['Credentials'], SessionToken='another')
            assert code(client('sts', broken).get_caller_identity) == ('InvalidClientTokenId', 403)

            for i in range(25):
                iam.create_role(RoleName=f'many-{i:02}', AssumeRolePolicyDocument=trust, Path='/many/')
            names = [r['RoleName'] for page in iam.get_paginator('list_roles').paginate(PathPrefix='/many/', PaginationConfig={'PageSize': 10}) for r in page['Roles']]
            assert names == [f'many-{i:02}' for i in range(25)], names
            iam.tag_role(RoleName='viewer', Tags=[{'Key': 'a', 'Value': '1'}])
            assert iam.list_role_tags(RoleName='viewer')['Tags'] == [{'Key': 'a', 'Value': '1'}]
            assert code(iam.delete_role, RoleName='viewer') == ('DeleteConflict', 409)
            iam.delete_role_policy(RoleName='viewer', PolicyName='read'); iam.delete_role(RoleName='viewer')
            assert code(iam.get_role, RoleName='viewer') == ('NoSuchEntity', 404)
            iam.update_access_key(UserName='ann', AccessKeyId=keys['AccessKeyId'], Status='Inactive')
            assert code(client('sts', keys).get_caller_identity) == ('InvalidClientTokenId', 403)
            assert code(iam.delete_user, UserName='ann') == ('DeleteConflict', 409)
            iam.delete_access_key(UserName='ann', AccessKeyId=keys['AccessKeyId']); iam.delete_user(UserName='ann')
            print('done')
            """,
            Cancellation);
        Assert.Equal("done", (await RunAsync(TestServers.Boto3(), script)).Trim());
    }

    [Fact]
    public async Task The_aws_command_uses_a_profile_that_we_saved()
    {
        string aws = TestServers.AwsCli(), file = Path.Combine(folder, "credentials");
        await File.WriteAllTextAsync(file, "[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n", Cancellation);
        LabSession root = LabSession.Resolve(
            emulator.Info.GetSessionOptions(), "test", null, new LabEnvironment(name => name == "AWS_SHARED_CREDENTIALS_FILE" ? file : null, folder));
        IdentityClient client = new(root);
        await new RoleStore(client).CreateAsync(
            new NewRole { Name = "viewer", TrustPolicy = PolicyStatements.Trust([emulator.Info.AccountId]) }, Cancellation);
        RoleCredentials credentials = await new CallerStore(client).AssumeAsync(
            $"arn:aws:iam::{emulator.Info.AccountId}:role/viewer", "shell", null, null, null, null, Cancellation);
        SharedCredentialsFile.Save(root, "viewer", credentials.Keys, credentials.Expiration, force: false);

        string endpoint = emulator.Info.EndpointUrl.AbsoluteUri;
        string arn = await RunAsync(
            aws, "--endpoint-url", endpoint, "--profile", "viewer", "sts", "get-caller-identity", "--query", "Arn", "--output", "text");
        Assert.Equal(credentials.AssumedRoleArn, arn.Trim());
        string other = await RunAsync(aws, "configure", "get", "aws_access_key_id", "--profile", "other");
        Assert.Equal("AKIAOTHER", other.Trim());
    }

    [Fact]
    public async Task Other_tools_use_the_credentials_that_we_export()
    {
        string aws = $"'{TestServers.AwsCli()}' --endpoint-url {emulator.Info.EndpointUrl}";
        LabSession root = LabSession.Resolve(emulator.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, folder));
        IdentityClient client = new(root);
        await new RoleStore(client).CreateAsync(
            new NewRole { Name = "viewer", TrustPolicy = PolicyStatements.Trust([emulator.Info.AccountId]) }, Cancellation);
        (LabSession session, RoleCredentials role) = await new TemporarySessions(root, NullReporter.Instance).AssumeAsync(
            new RoleRequest { RoleArn = $"arn:aws:iam::{emulator.Info.AccountId}:role/viewer", SessionName = "shell" }, "test", Cancellation);

        // The shell starts with nothing; boto3 finds all it needs in its variables. Older aws commands want to be told the endpoint.
        string script = string.Join('\n', await CredentialExport.WriteAsync(session, CredentialFormat.Bash, NullReporter.Instance, Cancellation));
        string python = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";
        string[] said = (await ShellAsync($"set -e\n{script}\n{aws} sts get-caller-identity --query Arn --output text\n'{TestServers.Boto3()}' -c \"{python}\"\n")).Trim().Split('\n');
        Assert.Equal([role.AssumedRoleArn, role.AssumedRoleArn], said);

        // As the credential_process of a profile: the file stands for the command that would be run each time.
        await File.WriteAllLinesAsync(
            Path.Combine(folder, "keys.json"), await CredentialExport.WriteAsync(session, CredentialFormat.CredentialProcess, NullReporter.Instance, Cancellation), Cancellation);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "config"), $"[profile tool]\ncredential_process = cat {folder}/keys.json\nregion = us-east-1\n", Cancellation);
        Assert.Equal(role.AssumedRoleArn, (await ShellAsync($"{aws} --profile tool sts get-caller-identity --query Arn --output text")).Trim());

        if (Environment.GetEnvironmentVariable("PWSH") is { Length: > 0 } pwsh)
        {
            string lines = string.Join('\n', await CredentialExport.WriteAsync(session, CredentialFormat.PowerShell, NullReporter.Instance, Cancellation));
            await File.WriteAllTextAsync(Path.Combine(folder, "a.ps1"), $"{lines}\n& {aws} sts get-caller-identity --query Arn --output text\n", Cancellation);
            Assert.Equal(role.AssumedRoleArn, (await ShellAsync($"'{pwsh}' -NoProfile -File a.ps1")).Trim());
        }
    }

    private Task<string> ShellAsync(string script)
    {
        ProcessStartInfo start = new("/bin/bash", ["-c", script]) { WorkingDirectory = folder };
        start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = Path.Combine(folder, "none");
        start.Environment["AWS_CONFIG_FILE"] = Path.Combine(folder, "config");
        start.Environment["AWS_PAGER"] = "";
        return ForeignProcess.OutputAsync(start);
    }

    private Task<string> RunAsync(string tool, params string[] arguments)
    {
        ProcessStartInfo start = new(tool, arguments) { WorkingDirectory = folder };
        foreach ((string name, string value) in emulator.Info.GetEnvironment())
        {
            start.Environment[name] = value;
        }

        if (arguments.Contains("--profile"))
        {
            start.Environment.Remove("AWS_ACCESS_KEY_ID");
            start.Environment.Remove("AWS_SECRET_ACCESS_KEY");
        }

        start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = Path.Combine(folder, "credentials");
        start.Environment["AWS_CONFIG_FILE"] = Path.Combine(folder, "config");
        start.Environment["AWS_PAGER"] = "";
        return ForeignProcess.OutputAsync(start);
    }
}
