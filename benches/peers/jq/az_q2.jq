# Q2 on one array: write and delete rows without MFA per user.
reduce (.[]
  | select(.operationName.value | ascii_downcase | endswith("/write") or endswith("/delete"))
  | .claims
  | select(.idtyp == "user")
  | .["http://schemas.microsoft.com/claims/authnmethodsreferences"] as $amr | .acrs as $acrs
  | select(($amr // $acrs) != null
      and (($amr // "") | split(",") | index("mfa") | not)
      and (($acrs // "") | split(",") | index("p1") | not))
  | .["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"] | ascii_downcase) as $upn
  ({}; .[$upn] += 1)
| to_entries[] | [.key, .value] | @csv
