using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace CloudLab.Emulator.Identity;

/// <summary>A virtual MFA device.</summary>
internal sealed class MfaDeviceRecord
{
    /// <summary>ARN, which is its serial number.</summary>
    public required string SerialNumber { get; init; }

    /// <summary>Its secret, in Base32.</summary>
    public required string Seed { get; init; }

    /// <summary>Name of the user who has it; null before it is enabled.</summary>
    public string? UserName { get; set; }

    /// <summary>When it was enabled.</summary>
    public DateTimeOffset? Enabled { get; set; }

    /// <summary>Step of the last code that was taken: each counts once.</summary>
    public long LastStep { get; set; }

    /// <summary>Takes a code, if it is one of now.</summary>
    /// <param name="code">The code.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether it counts.</returns>
    public bool Accept(string? code, DateTimeOffset now)
    {
        // The device's clock may be a step off.
        byte[] seed = Totp.FromBase32(Seed);
        long step = Totp.StepAt(now);
        foreach (long near in new[] { step, step - 1, step + 1 })
        {
            if (near > LastStep && Totp.Code(seed, near) == code)
            {
                LastStep = near;
                return true;
            }
        }

        return false;
    }
}

/// <summary>The actions of IAM for virtual MFA devices.</summary>
internal static class MfaActions
{
    /// <summary>CreateVirtualMFADevice.</summary>
    /// <param name="call">The call.</param>
    /// <returns>The device with its secret.</returns>
    public static object?[] Create(QueryCall call)
    {
        string name = call.Name("VirtualMFADeviceName", maximum: 226);
        string serial = $"arn:aws:iam::{call.Account.AccountId}:mfa{call.PathOf("Path")}{name}";
        call.Authorize("iam:CreateVirtualMFADevice", serial);
        string seed = Totp.ToBase32(Totp.NewSeed());
        if (!call.Account.State.MfaDevices.TryAdd(serial, new MfaDeviceRecord { SerialNumber = serial, Seed = seed }))
        {
            throw new QueryException(409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists.");
        }

        call.Account.Save();
        return [new XElement("VirtualMFADevice", new XElement("SerialNumber", serial), new XElement("Base32StringSeed", Convert.ToBase64String(Encoding.ASCII.GetBytes(seed))))];
    }

    /// <summary>EnableMFADevice: two codes, one after the other.</summary>
    /// <param name="call">The call.</param>
    /// <returns>Nothing.</returns>
    public static object?[] Enable(QueryCall call)
    {
        UserRecord user = User(call, "EnableMFADevice", required: true)!;
        MfaDeviceRecord device = Device(call);
        byte[] seed = Totp.FromBase32(device.Seed);
        long now = Totp.StepAt(call.Account.Clock.GetUtcNow());
        string first = call.Required("AuthenticationCode1"), second = call.Required("AuthenticationCode2");
        if (device.UserName is not null)
        {
            throw new QueryException(409, "EntityAlreadyExists", "MFA Device is already in use.");
        }

        // Whoever types them may take a while.
        for (long step = now - 4; step <= now + 1; step++)
        {
            if (Totp.Code(seed, step) == first && Totp.Code(seed, step + 1) == second)
            {
                (device.UserName, device.Enabled, device.LastStep) = (user.Name, call.Account.Clock.GetUtcNow(), step + 1);
                call.Account.Save();
                return [];
            }
        }

        throw new QueryException(403, "InvalidAuthenticationCode", "Authentication code for device is not valid.");
    }

    /// <summary>DeactivateMFADevice.</summary>
    /// <param name="call">The call.</param>
    /// <returns>Nothing.</returns>
    public static object?[] Deactivate(QueryCall call)
    {
        UserRecord? user = User(call, "DeactivateMFADevice", required: false);
        MfaDeviceRecord device = Device(call);
        if (device.UserName is null || (user is not null && device.UserName != user.Name))
        {
            throw QueryException.NoSuch("MFA device", device.SerialNumber);
        }

        device.UserName = null;
        call.Account.Save();
        return [];
    }

    /// <summary>DeleteVirtualMFADevice.</summary>
    /// <param name="call">The call.</param>
    /// <returns>Nothing.</returns>
    public static object?[] Delete(QueryCall call)
    {
        MfaDeviceRecord device = Device(call);
        call.Authorize("iam:DeleteVirtualMFADevice", device.SerialNumber);
        if (device.UserName is not null)
        {
            throw new QueryException(409, "DeleteConflict", "Cannot delete entity, must deactivate the MFA device first.");
        }

        call.Account.State.MfaDevices.Remove(device.SerialNumber);
        call.Account.Save();
        return [];
    }

    /// <summary>ListMFADevices of one user.</summary>
    /// <param name="call">The call.</param>
    /// <returns>The devices.</returns>
    public static object?[] List(QueryCall call)
    {
        UserRecord? user = User(call, "ListMFADevices", required: false);
        return
        [
            new XElement("MFADevices", call.Account.State.MfaDevices.Values.Where(device => user is not null && device.UserName == user.Name).Select(device => new XElement("member",
                new XElement("UserName", user!.Name),
                new XElement("SerialNumber", device.SerialNumber),
                new XElement("EnableDate", device.Enabled?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))))),
            new XElement("IsTruncated", false),
        ];
    }

    /// <summary>Checks the device and code of a request to STS, where it brings them.</summary>
    /// <param name="call">The call.</param>
    /// <returns>Whether MFA was proved; a wrong device or code is refused.</returns>
    public static bool Prove(QueryCall call)
    {
        string? serial = call.Optional("SerialNumber"), code = call.Optional("TokenCode");
        if (serial is null && code is null)
        {
            return false;
        }

        if (serial is null || code is null)
        {
            throw new QueryException(403, "AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.");
        }

        MfaDeviceRecord? device = call.Account.State.MfaDevices.GetValueOrDefault(serial);
        if (device?.UserName is null || call.Caller.Kind != PrincipalKind.User || device.UserName != call.Caller.Arn[(call.Caller.Arn.LastIndexOf('/') + 1)..])
        {
            throw new QueryException(403, "AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.");
        }

        if (!device.Accept(code, call.Account.Clock.GetUtcNow()))
        {
            throw new QueryException(403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ");
        }

        call.Account.Save();
        return true;
    }

    private static MfaDeviceRecord Device(QueryCall call) =>
        call.Account.State.MfaDevices.GetValueOrDefault(call.Required("SerialNumber"))
        ?? throw new QueryException(404, "NoSuchEntity", $"VirtualMFADevice with serial number {call.Required("SerialNumber")} does not exist.");

    private static UserRecord? User(QueryCall call, string action, bool required)
    {
        string? name = call.Optional("UserName") is { } given ? given
            : call.Caller.Kind == PrincipalKind.User ? call.Caller.Arn[(call.Caller.Arn.LastIndexOf('/') + 1)..] : required ? call.Required("UserName") : null;
        UserRecord? user = name is null ? null : call.Account.State.Users.GetValueOrDefault(name);
        call.Authorize("iam:" + action, user?.Arn(call.Account.AccountId) ?? $"arn:aws:iam::{call.Account.AccountId}:user/{name}");
        return user ?? (name is null ? null : throw QueryException.NoSuch("user", name));
    }
}
