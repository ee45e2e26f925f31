using System.Diagnostics;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Emulator;

/// <summary>The emulator under tools that no one here wrote.</summary>
[Trait("Area", "Emulator")]
[Trait("Server", "aws-tools")]
public sealed class ForeignToolTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-tools-").FullName;
    private LabEmulator emulator = null!;

    public async ValueTask InitializeAsync() => emulator = await LabEmulator.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await emulator.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_aws_command_makes_sends_lists_gets_and_removes()
    {
        string big = Write("big", 20_000_000), got = Path.Combine(folder, "got");
        Write("site/data/users.json", 100);
        Write("site/data/movies.json", 10_000);
        Write("site/ü +.txt", 5);
        await AwsAsync("s3", "mb", "s3://movies");
        await AwsAsync("s3", "cp", big, "s3://movies/a/big", "--no-progress");
        await AwsAsync("s3", "cp", "s3://movies/a/big", got, "--no-progress");
        Assert.Equal(await File.ReadAllBytesAsync(big, Cancel), await File.ReadAllBytesAsync(got, Cancel));

        await AwsAsync("s3", "sync", Path.Combine(folder, "site"), "s3://movies/site", "--no-progress");
        Assert.DoesNotContain("upload", await AwsAsync("s3", "sync", Path.Combine(folder, "site"), "s3://movies/site", "--no-progress"), StringComparison.Ordinal);
        string list = await AwsAsync("s3", "ls", "--recursive", "s3://movies");
        Assert.Contains("20000000 a/big", list, StringComparison.Ordinal);
        Assert.Contains("site/ü +.txt", list, StringComparison.Ordinal);
        Assert.Contains("PRE a/", await AwsAsync("s3", "ls", "s3://movies"), StringComparison.Ordinal);

        Assert.Contains("\"ContentLength\": 20000000", await AwsAsync("s3api", "head-object", "--bucket", "movies", "--key", "a/big"), StringComparison.Ordinal);
        await AwsAsync("s3api", "get-object", "--bucket", "movies", "--key", "a/big", "--range", "bytes=10-19", got);
        Assert.Equal((await File.ReadAllBytesAsync(big, Cancel))[10..20], await File.ReadAllBytesAsync(got, Cancel));

        string url = (await AwsAsync("s3", "presign", "s3://movies/site/data/users.json", "--expires-in", "60")).Trim();
        using HttpClient client = new();
        Assert.Equal(100, (await client.GetByteArrayAsync(new Uri(url), Cancel)).Length);

        await AwsAsync("s3", "mv", "s3://movies/a/big", "s3://movies/b/big", "--no-progress");
        await AwsAsync("s3", "rm", "--recursive", "s3://movies");
        Assert.Empty(await AwsAsync("s3", "ls", "--recursive", "s3://movies", mayFail: true));
        await AwsAsync("s3", "rb", "s3://movies");
        Assert.Contains(emulator.Info.AccountId, await AwsAsync("sts", "get-caller-identity"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task S3cmd_makes_puts_lists_gets_and_removes()
    {
        string tool = TestServers.S3Cmd(), config = Path.Combine(folder, "s3cfg"), big = Write("big", 20_000_000), got = Path.Combine(folder, "got");
        IReadOnlyDictionary<string, string> environment = emulator.Info.GetEnvironment();
        await File.WriteAllTextAsync(
            config,
            $"[default]\naccess_key = {environment["AWS_ACCESS_KEY_ID"]}\nsecret_key = {environment["AWS_SECRET_ACCESS_KEY"]}\nhost_base = {emulator.Info.EndpointUrl.Authority}\nhost_bucket = {emulator.Info.EndpointUrl.Authority}\nuse_https = False\n",
            Cancel);
        Task<string> S3Cmd(params string[] arguments) => RunAsync(tool, ["-c", config, "--no-progress", .. arguments]);

        await S3Cmd("mb", "s3://movies");
        await S3Cmd("put", big, "s3://movies/a b/ü+big");
        await S3Cmd("get", "s3://movies/a b/ü+big", got);
        Assert.Equal(await File.ReadAllBytesAsync(big, Cancel), await File.ReadAllBytesAsync(got, Cancel));
        Assert.Contains("20000000", await S3Cmd("info", "s3://movies/a b/ü+big"), StringComparison.Ordinal);
        await S3Cmd("cp", "s3://movies/a b/ü+big", "s3://movies/copy");
        await S3Cmd("mv", "s3://movies/copy", "s3://movies/moved");
        Assert.Contains("s3://movies/moved", await S3Cmd("ls", "-r", "s3://movies"), StringComparison.Ordinal);
        string url = (await S3Cmd("signurl", "s3://movies/moved", "+60")).Trim();
        using HttpClient client = new();
        Assert.Equal(20_000_000, (await client.GetByteArrayAsync(new Uri(url), Cancel)).Length);
        await S3Cmd("del", "-r", "-f", "s3://movies/");
        await S3Cmd("rb", "s3://movies");
    }

    [Fact]
    public async Task Boto3_waits_pages_and_uploads()
    {
        string script = Path.Combine(folder, "test.py");
        await File.WriteAllTextAsync(
            script,
            """
            import boto3, io, os, urllib.request
            from botocore.client import Config
            from botocore.exceptions import ClientError
            from boto3.s3.transfer import TransferConfig
            s3 = boto3.client('s3', config=Config(signature_version='s3v4'))
            s3.create_bucket(Bucket='movies')
            s3.get_waiter('bucket_exists').wait(Bucket='movies', WaiterConfig={'Delay': 1, 'MaxAttempts': 2})
            data = os.urandom(13 * 1024 * 1024 + 1)
            config = TransferConfig(multipart_threshold=8 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
            for algorithm in ('CRC32', 'SHA256'):
                s3.upload_fileobj(io.BytesIO(data), 'movies', 'big', Config=config, ExtraArgs={'ChecksumAlgorithm': algorithm, 'Metadata': {'title': 'M'}})
                s3.get_waiter('object_exists').wait(Bucket='movies', Key='big')
                out = io.BytesIO()
                s3.download_fileobj('movies', 'big', out, Config=config)
                assert out.getvalue() == data
            assert s3.head_object(Bucket='movies', Key='big')['Metadata'] == {'title': 'M'}
            keys = sorted('k/%s' % i for i in range(25)) + ['k/a b+c%2F', 'k/newline\n', 'k/ü🎬']
            for key in keys:
                s3.put_object(Bucket='movies', Key=key, Body=b'x', ChecksumAlgorithm='CRC32')
            pages = s3.get_paginator('list_objects_v2').paginate(Bucket='movies', Prefix='k/', PaginationConfig={'PageSize': 4})
            assert [o['Key'] for p in pages for o in p['Contents']] == keys, 'list'
            pages = s3.get_paginator('list_objects').paginate(Bucket='movies', Delimiter='/', PaginationConfig={'PageSize': 1})
            found = [(p.get('Contents') or p.get('CommonPrefixes')) for p in pages]
            assert [f[0].get('Key') or f[0]['Prefix'] for f in found] == ['big', 'k/'], found
            url = s3.generate_presigned_url('get_object', Params={'Bucket': 'movies', 'Key': 'k/ü🎬', 'ResponseContentType': 'text/x'}, ExpiresIn=60)
            answer = urllib.request.urlopen(url)
            assert answer.read() == b'x' and answer.headers['Content-Type'] == 'text/x'
            try:
                s3.put_object(Bucket='movies', Key='big', Body=b'', IfNoneMatch='*')
                raise SystemExit('no error')
            except ClientError as e:
                assert e.response['Error']['Code'] == 'PreconditionFailed', e
            try:
                s3.get_object(Bucket='movies', Key='none')
                raise SystemExit('no error')
            except s3.exceptions.NoSuchKey:
                pass
            assert not s3.delete_objects(Bucket='movies', Delete={'Objects': [{'Key': k} for k in keys + ['big']]}).get('Errors')
            s3.delete_bucket(Bucket='movies')
            s3.get_waiter('bucket_not_exists').wait(Bucket='movies')
            print('done', boto3.client('sts').get_caller_identity()['Account'])
            """,
            Cancel);
        Assert.Equal("done " + emulator.Info.AccountId, (await RunAsync(TestServers.Boto3(), [script])).Trim());
    }

    [Fact]
    public async Task Boto3_finds_versions_locks_keys_and_archives()
    {
        string script = Path.Combine(folder, "test.py");
        await File.WriteAllTextAsync(
            script,
            """
            import boto3, datetime, time
            from botocore.client import Config
            from botocore.exceptions import ClientError
            s3 = boto3.client('s3', config=Config(signature_version='s3v4'))
            b = dict(Bucket='movies')
            def fails(code, operation, **arguments):
                try:
                    operation(**arguments)
                except ClientError as e:
                    assert e.response['Error']['Code'] == code, e
                else:
                    raise SystemExit('no ' + code)
            s3.create_bucket(ObjectLockEnabledForBucket=True, **b)
            ids = [s3.put_object(Key='k', Body=b'%d' % i, **b)['VersionId'] for i in range(3)]
            ids.append(s3.delete_object(Key='k', **b)['VersionId'])
            pages = list(s3.get_paginator('list_object_versions').paginate(PaginationConfig={'PageSize': 2}, **b))
            assert len(pages) == 2
            assert [v['VersionId'] for p in pages for v in p.get('DeleteMarkers', []) + p.get('Versions', [])] == ids[::-1]
            assert s3.get_object(Key='k', VersionId=ids[0], **b)['Body'].read() == b'0'
            fails('NoSuchKey', s3.get_object, Key='k', **b)
            fails('MethodNotAllowed', s3.get_object, Key='k', VersionId=ids[3], **b)
            fails('405', s3.head_object, Key='k', VersionId=ids[3], **b)
            s3.copy({'Bucket': 'movies', 'Key': 'k', 'VersionId': ids[1]}, 'movies', 'copied')
            assert s3.get_object(Key='copied', **b)['Body'].read() == b'1'

            until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
            s3.put_object_retention(Key='k', VersionId=ids[0], Retention={'Mode': 'GOVERNANCE', 'RetainUntilDate': until}, **b)
            fails('AccessDenied', s3.delete_object, Key='k', VersionId=ids[0], **b)
            s3.delete_object(Key='k', VersionId=ids[0], BypassGovernanceRetention=True, **b)

            key = dict(SSECustomerAlgorithm='AES256', SSECustomerKey='0123456789abcdef' * 2)
            s3.put_object(Key='secret', Body=b's' * 20, **b, **key)
            fails('InvalidRequest', s3.get_object, Key='secret', **b)
            fails('AccessDenied', s3.get_object, Key='secret', SSECustomerAlgorithm='AES256', SSECustomerKey='x' * 32, **b)
            assert s3.get_object(Key='secret', **b, **key)['SSECustomerAlgorithm'] == 'AES256'

            s3.put_object(Key='cold', Body=b'c', StorageClass='DEEP_ARCHIVE', Tagging='a=1', **b)
            fails('InvalidObjectState', s3.get_object, Key='cold', **b)
            s3.restore_object(Key='cold', RestoreRequest={'Days': 1, 'GlacierJobParameters': {'Tier': 'Standard'}}, **b)
            while 'ongoing-request="true"' in s3.head_object(Key='cold', **b)['Restore']:
                time.sleep(0.1)
            answer = s3.get_object(Key='cold', **b)
            assert answer['Body'].read() == b'c' and answer['TagCount'] == 1

            s3.put_bucket_lifecycle_configuration(LifecycleConfiguration={'Rules': [{'Filter': {'Prefix': 'logs/'}, 'Status': 'Enabled', 'Expiration': {'Days': 1}}]}, **b)
            assert s3.get_bucket_lifecycle_configuration(**b)['Rules'][0]['ID']
            s3.put_bucket_encryption(ServerSideEncryptionConfiguration={'Rules': [{'ApplyServerSideEncryptionByDefault': {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': 'k'}}]}, **b)
            assert s3.put_object(Key='logs/x', Body=b'', **b)['SSEKMSKeyId'] == 'k'
            attributes = s3.get_object_attributes(Key='logs/x', ObjectAttributes=['Checksum', 'ObjectSize', 'StorageClass'], **b)
            assert attributes['ObjectSize'] == 0 and attributes['StorageClass'] == 'STANDARD' and attributes['Checksum'], attributes
            fails('BucketNotEmpty', s3.delete_bucket, **b)
            boto3.resource('s3').Bucket('movies').object_versions.delete()
            s3.delete_bucket(**b)
            print('done')
            """,
            Cancel);
        Assert.Equal("done", (await RunAsync(TestServers.Boto3(), [script])).Trim());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Write(string name, int size)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] data = new byte[size];
        new Random(size).NextBytes(data);
        File.WriteAllBytes(path, data);
        return path;
    }

    private Task<string> AwsAsync(params string[] arguments) => AwsAsync(arguments, mayFail: false);

    private Task<string> AwsAsync(string one, string two, string three, string four, bool mayFail) => AwsAsync([one, two, three, four], mayFail);

    // The version in Debian 12 does not know AWS_ENDPOINT_URL yet.
    private Task<string> AwsAsync(string[] arguments, bool mayFail) =>
        RunAsync(TestServers.AwsCli(), ["--endpoint-url", emulator.Info.EndpointUrl.AbsoluteUri, .. arguments], mayFail);

    private Task<string> RunAsync(string tool, string[] arguments, bool mayFail = false)
    {
        ProcessStartInfo start = new(tool, arguments) { WorkingDirectory = folder };
        foreach ((string name, string value) in emulator.Info.GetEnvironment())
        {
            start.Environment[name] = value;
        }

        start.Environment["PYTHONIOENCODING"] = "utf-8";
        start.Environment["AWS_PAGER"] = "";
        return ForeignProcess.OutputAsync(start, mayFail);
    }
}
