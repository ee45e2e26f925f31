using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Base of the tests of the emulator's S3: an emulator in memory, a bucket, Amazon's own client.</summary>
public abstract class S3Tests : IAsyncLifetime
{
    protected const string Bucket = "movies";

    protected LabEmulator Emulator { get; private set; } = null!;

    protected IAmazonS3 S3 { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal S3Signer Signer => new(Emulator.Info);

    public virtual async ValueTask InitializeAsync()
    {
        Emulator = await LabEmulator.StartAsync(new EmulatorOptions { Log = line => TestContext.Current.SendDiagnosticMessage(line) });
        S3 = Client(Emulator.Info);
        await S3.PutBucketAsync(Bucket, Cancel);
    }

    public virtual async ValueTask DisposeAsync()
    {
        S3?.Dispose();
        if (Emulator is not null)
        {
            await Emulator.DisposeAsync();
        }
    }

    protected static IAmazonS3 Client(LabEmulatorInfo info, AWSCredentials? credentials = null)
    {
        IReadOnlyDictionary<string, string> environment = info.GetEnvironment();
        return new AmazonS3Client(
            credentials ?? new BasicAWSCredentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]),
            new AmazonS3Config { ServiceURL = environment["AWS_ENDPOINT_URL"], AuthenticationRegion = info.Region, ForcePathStyle = true, MaxErrorRetry = 0 });
    }

    protected static byte[] Bytes(int count, int seed = 1)
    {
        byte[] data = new byte[count];
        new Random(seed).NextBytes(data);
        return data;
    }

    protected Task<PutObjectResponse> PutAsync(string key, string text = "hello") =>
        S3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = key, ContentBody = text }, Cancel);

    protected async Task<string> GetAsync(string key, string bucket = Bucket)
    {
        using GetObjectResponse answer = await S3.GetObjectAsync(bucket, key, Cancel);
        using StreamReader reader = new(answer.ResponseStream);
        return await reader.ReadToEndAsync(Cancel);
    }

    protected static async Task<AmazonS3Exception> FailsAsync(string code, Func<Task> action)
    {
        AmazonS3Exception problem = await Assert.ThrowsAnyAsync<AmazonS3Exception>(action);
        Assert.Equal(code, problem.ErrorCode);
        return problem;
    }
}
