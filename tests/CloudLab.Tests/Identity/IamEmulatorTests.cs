using System.Xml.Linq;
using CloudLab.Core.Errors;
using CloudLab.Core.Identity;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity;

/// <summary>IAM of the emulator, spoken to by our own Query client.</summary>
[Trait("Area", "Identity")]
public sealed class IamEmulatorTests : IAsyncLifetime
{
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}""";

    private LabEmulator emulator = null!;
    private IdentityClient root = null!;

    public async ValueTask InitializeAsync()
    {
        emulator = await LabEmulator.StartAsync();
        root = new IdentityClient(LabSession.Resolve(emulator.Info.GetSessionOptions(), "test"));
    }

    public ValueTask DisposeAsync() => emulator.DisposeAsync();

    [Fact]
    public async Task A_role_is_created_and_found()
    {
        XElement role = await Call("CreateRole", ("RoleName", "viewer"), ("AssumeRolePolicyDocument", Trust), ("Path", "/app/"), ("Description", "Sieht Filme: ü & <x>"));
        Assert.Equal($"arn:aws:iam::{emulator.Info.AccountId}:role/app/viewer", role.Element("Role")!.Element("Arn")!.Value);
        XElement found = (await Call("GetRole", ("RoleName", "viewer"))).Element("Role")!;
        Assert.Equal("Sieht Filme: ü & <x>", found.Element("Description")!.Value);
        Assert.Equal(Trust, Uri.UnescapeDataString(found.Element("AssumeRolePolicyDocument")!.Value));
    }

    private Task<XElement> Call(string action, params (string, string?)[] parameters) =>
        root.IamAsync(action, action, null, TestContext.Current.CancellationToken, parameters);
}
