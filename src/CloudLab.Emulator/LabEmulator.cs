using System.Net.Sockets;
using CloudLab.Core.Common.Errors;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.Identity;
using CloudLab.Emulator.Kubernetes;
using CloudLab.Emulator.S3;

namespace CloudLab.Emulator;

/// <summary>
/// S3, STS and IAM on one loopback port and the Kubernetes API on another, in this process. Nothing to install;
/// in memory, or kept in a folder.
/// </summary>
public sealed class LabEmulator : IAsyncDisposable
{
    private static readonly byte[] NoEc2 =
        "<Response><Errors><Error><Code>InvalidAction</Code><Message>The emulator has no EC2.</Message></Error></Errors><RequestID>none</RequestID></Response>"u8.ToArray();

    private static int lastId;

    private readonly EmulatorOptions options;
    private readonly EmulatorFolder folder;
    private readonly RootKey root;
    private readonly QueryService identity;
    private readonly S3Service s3;
    private readonly KubernetesService cluster;
    private HttpServer? aws;
    private HttpServer? kubernetes;
    private int disposed;

    private LabEmulator(EmulatorOptions options, EmulatorFolder folder)
    {
        this.options = options;
        this.folder = folder;
        root = folder.LoadRootKey(options.AccessKey, options.SecretKey);
        EmulatedAccount account = new(root.AccountId, root.AccessKey, root.SecretKey, folder.DataFolder("iam"), options.Clock);
        identity = new QueryService(account);
        s3 = new S3Service(account, options.Region, folder.DataFolder("s3"), options.Clock);
        cluster = new KubernetesService(new KubernetesOptions { DataPath = folder.DataFolder("kubernetes"), EnforceRoles = options.EnforceRoles, Log = options.Log });
    }

    /// <summary>Where it listens and as whom to talk to it.</summary>
    public LabEmulatorInfo Info { get; private set; } = null!;

    /// <summary>Starts an emulator.</summary>
    /// <param name="options">What to start; the defaults if null.</param>
    /// <param name="cancellation">Cancels the start.</param>
    /// <returns>The running emulator. Throws <see cref="LabException"/> when a port is taken or the folder is in use.</returns>
    public static async Task<LabEmulator> StartAsync(EmulatorOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new EmulatorOptions();
        cancellation.ThrowIfCancellationRequested();
        EmulatorFolder folder = EmulatorFolder.Open(options.DataPath);
        LabEmulator? emulator = null;
        try
        {
            emulator = await Task.Run(() => new LabEmulator(options, folder), cancellation);
            emulator.Listen();
            return emulator;
        }
        catch
        {
            if (emulator is null)
            {
                folder.Dispose();
            }
            else
            {
                await emulator.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Stops listening and removes what it wrote to the temporary folder; data in the data folder stays.</summary>
    /// <returns>Done when stopped.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        if (aws is not null)
        {
            await aws.DisposeAsync();
        }

        if (kubernetes is not null)
        {
            await kubernetes.DisposeAsync();
        }

        await cluster.DisposeAsync();

        folder.Dispose();
        if (Info is not null)
        {
            Info.Running = false;
        }
    }

    private static HttpServer Bind(int port, HttpHandler handler, string what, Action<Exception> failed)
    {
        try
        {
            return HttpServer.Start(port, handler, failed);
        }
        catch (SocketException e)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "PortInUse",
                $"Port {port} on 127.0.0.1 cannot be used for {what}: {e.Message}. Choose another, or none for any free one.", e);
        }
    }

    private void Listen()
    {
        aws = Bind(options.Port, HandleAwsAsync, "S3, STS and IAM", Failed);
        kubernetes = Bind(options.KubernetesPort, cluster.HandleAsync, "the Kubernetes API", Failed);
        Info = new LabEmulatorInfo(
            Interlocked.Increment(ref lastId), aws.Url, kubernetes.Url, options.Region, root.AccountId, root.AccessKey, root.SecretKey,
            folder.WriteKubeConfig(kubernetes.Url), options.DataPath is null ? null : Path.GetFullPath(options.DataPath));
    }

    private void Failed(Exception problem) => options.Log?.Invoke(problem.ToString());

    // What is not signed for another service is S3's: unsigned requests and presigned URLs of buckets above all.
    private Task HandleAwsAsync(HttpExchange exchange)
    {
        exchange.Clock = options.Clock;
        return SigV4Verifier.ServiceOf(exchange) switch
        {
            "iam" or "sts" => identity.HandleAsync(exchange),
            "ec2" when exchange is { Method: "POST", RawPath: "/" } => exchange.RespondAsync(400, new HttpHeaderList { { "Content-Type", "text/xml" } }, NoEc2),
            _ => s3.HandleAsync(exchange),
        };
    }
}
