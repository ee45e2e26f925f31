using CloudLab.Core.Sessions.Aws;
using Xunit;

namespace CloudLab.Tests;

/// <summary>
/// The real servers that test.sh started or the environment names. A test that asks for one that is not there is
/// skipped and says so. Such a test carries <c>[Trait("Server", …)]</c>.
/// </summary>
internal static class TestServers
{
    /// <summary>Ceph radosgw: S3, STS and IAM with enforcement.</summary>
    public static (Uri Url, AwsKeys Keys) Ceph() =>
        (new Uri(Need("CLOUDLAB_TEST_S3")), new AwsKeys(Need("CLOUDLAB_TEST_S3_ACCESS_KEY"), Need("CLOUDLAB_TEST_S3_SECRET_KEY")));

    /// <summary>The same over TLS, and the PEM file of its certificate.</summary>
    public static (Uri Url, string CaBundle) CephTls() => (new Uri(Need("CLOUDLAB_TEST_S3_TLS")), Need("CLOUDLAB_TEST_S3_CA"));

    /// <summary>moto: what radosgw lacks; enforces nothing.</summary>
    public static Uri Moto() => new(Need("CLOUDLAB_TEST_MOTO"));

    /// <summary>Docker Engine with buildx; the registry beside it is <see cref="Registry"/>.</summary>
    public static string Docker() => Need("CLOUDLAB_TEST_DOCKER");

    /// <summary>host:port of a registry that the Docker Engine can push to.</summary>
    public static string Registry() => Need("CLOUDLAB_TEST_REGISTRY");

    /// <summary>The program of that registry, for tests that start one of their own.</summary>
    public static string RegistryProgram() => Need("CLOUDLAB_TEST_REGISTRY_PROGRAM");

    /// <summary>Folder with a static busybox for each platform (<c>linux/arm64/busybox</c>), for images FROM scratch.</summary>
    public static string Busybox() => Need("CLOUDLAB_TEST_BUSYBOX");

    /// <summary>The other processor whose programs the Docker Engine can run, in qemu.</summary>
    public static string OtherProcessor() => Need("CLOUDLAB_TEST_QEMU");

    /// <summary>kubeconfig of a cluster whose API server is real.</summary>
    public static string Kubernetes() => Need("CLOUDLAB_TEST_KUBECONFIG");

    /// <summary>
    /// The image that examples/image/build.ps1 makes of this very code. The cluster's nodes have it, and with their own network they reach the
    /// servers that the tests reach.
    /// </summary>
    public static string Image() => Need("CLOUDLAB_TEST_IMAGE", "build it with examples/image/build.ps1 and import it into the cluster's nodes");

    /// <summary>The `aws` command.</summary>
    public static string AwsCli() => Need("CLOUDLAB_TEST_AWSCLI");

    /// <summary>The `s3cmd` command.</summary>
    public static string S3Cmd() => Need("CLOUDLAB_TEST_S3CMD");

    /// <summary>A python that has a current boto3.</summary>
    public static string Boto3() => Need("CLOUDLAB_TEST_BOTO3");

    /// <summary>A current kubectl.</summary>
    public static string Kubectl() => Need("CLOUDLAB_TEST_KUBECTL");

    /// <summary>Folder in which npm has installed @cloud-copilot/iam-simulate, another evaluator of policies.</summary>
    public static string IamSimulate() => Need("CLOUDLAB_TEST_IAM_SIMULATE");

    private static string Need(string variable, string advice = "start the servers with tests/services or run ./test.sh")
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        Assert.SkipWhen(string.IsNullOrEmpty(value), $"{variable} is not set: {advice}");
        return value!;
    }
}
