throw new System.NotSupportedException("PowerShell's own pwsh.dll replaces this one; see pwsh.csproj.");
