namespace CloudLab.Emulator.Identity;

/// <summary>The answer to "may they?".</summary>
/// <param name="Allowed">True to go on.</param>
/// <param name="Reason">
/// Why not, as AWS ends its messages: <c>because no identity-based policy allows the s3:GetObject action</c> or
/// <c>with an explicit deny in an identity-based policy</c>.
/// </param>
internal readonly record struct Authorization(bool Allowed, string Reason)
{
    /// <summary>A plain yes.</summary>
    public static Authorization Yes { get; } = new(true, "");

    /// <summary>AWS's message for a refusal.</summary>
    /// <param name="principal">Who asked.</param>
    /// <param name="action">What for.</param>
    /// <param name="resourceArn">On what.</param>
    /// <returns>One line.</returns>
    public string Message(Principal principal, string action, string resourceArn) =>
        principal.Kind == PrincipalKind.Anonymous
            ? "Access Denied"
            : $"User: {principal.Arn} is not authorized to perform: {action} on resource: \"{resourceArn}\" {Reason}".TrimEnd();
}
